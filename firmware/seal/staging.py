"""A firmware slot being filled: files that come in pieces, checked from flash before anything may run them.

    incoming     the message that is being staged: the files beside it are its own, whole or not
    manifest     the message of a whole slot; it takes the place of `incoming` when every file has been checked

A cut leaves a file shorter, never other: staging goes on where the files end. A piece that is wrong shows when the file
is checked; the file is removed then, so that it is sent anew.
"""

import hashlib
import os

from .compat import const
from .errors import BadSignature, Malformed, StorageFull
from .labels import MANIFEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterator
    from .ports import Item

INCOMING = "incoming"

_SPARE_BLOCKS = const(8)  # for the journal to go on with, and for what LittleFS copies while it writes
_NEW = ".new"
_FOLDER = const(0x4000)


class Staging:
    """A slot's `folder` that takes the files of the firmware message `raw`: [path, bytes, SHA-256] each. `running`: the
    folder of the slot that runs, or None: what is in it already need not be sent. `feed` is called between files: all
    of them together can take longer than a watchdog waits."""

    def __init__(
        self,
        folder: str,
        raw: bytes,
        files: "list[list[Item]]",
        running: str | None = None,
        feed: "Callable[[], None]" = lambda: None,
    ) -> None:
        self._folder = folder
        self._raw = raw
        self._files = files
        self._running = running
        self._feed = feed

    def has(self, index: int) -> bool:
        """Whether there is a file of this number."""
        return index < len(self._files)

    def begin(self) -> list[int]:
        """Make the folder ready, with what is there of these very files kept; returns the bytes there are of each.
        Raises StorageFull before anything is changed."""
        if self._raw not in (_read(self._path(INCOMING)), _read(self._path(MANIFEST))):
            self._check_room()
            self._clear()
            self._put(INCOMING)
        if self._running:
            for path, size, digest in self._files:
                self._feed()
                if not self._size(path):
                    self._copy_from_running(self._running + "/" + path, path, size, digest)
        return [self._size(path) for path, _, _ in self._files]

    def _copy_from_running(self, source: str, path: str, size: int, digest: bytes) -> None:
        """Copy a file of the slot that runs, if it is the one wanted."""
        try:
            if os.stat(source)[6] != size or _digest(source) != digest:
                return
        except OSError:
            return  # it has none of this name
        self._make_folders(path)
        with open(self._path(path), "wb") as new:
            for piece in _pieces(source):
                if new.write(piece) != len(piece):
                    raise StorageFull("the flash is full: acknowledge readings, or wipe what else is on it")

    def write(self, index: int, offset: int, data: bytes) -> int:
        """Add bytes to a file's end; returns how many it has now. Again what is there already changes nothing. Raises
        Malformed for bytes that leave a gap or go beyond the file's size."""
        path, size, _ = self._files[index]
        length = self._size(path)
        if offset + len(data) <= length:
            return length
        if offset != length or offset + len(data) > size:
            raise Malformed("%s has %d of %d bytes" % (path, length, size))
        self._make_folders(path)
        with open(self._path(path), "ab") as file:
            if file.write(data) != len(data):
                raise StorageFull("the flash is full: acknowledge readings, or wipe what else is on it")
        return offset + len(data)

    def finish(self) -> None:
        """Check every file on flash and make the slot a whole one. Raises Malformed where a file is not all there, and
        BadSignature where some are not those signed; these are removed."""
        bad_path = None
        for path, size, digest in self._files:
            self._feed()
            if self._size(path) != size:
                raise Malformed("%s is not all there" % path)
            if _digest(self._path(path)) != digest:
                os.remove(self._path(path))
                bad_path = path
        if bad_path:
            raise BadSignature("%s is not the file that the manifest names" % bad_path)
        self._put(MANIFEST)
        _remove(self._path(INCOMING))

    def _path(self, name: str) -> str:
        return self._folder + "/" + name

    def _put(self, name: str) -> None:
        with open(self._path(name) + _NEW, "wb") as file:
            if file.write(self._raw) != len(self._raw):
                raise StorageFull("the flash is full: acknowledge readings")
        os.rename(self._path(name) + _NEW, self._path(name))

    def _size(self, path: str) -> int:
        try:
            return os.stat(self._path(path))[6]
        except OSError:
            return 0

    def _check_room(self) -> None:
        block, free = room(self._folder[: self._folder.rfind("/")] or "/")
        length = sum(size // block + 1 for _, size in walk(self._folder) if size is not None)
        demand = sum(size // block + 1 for _, size, _ in self._files) + _SPARE_BLOCKS
        if demand > free + length:
            raise StorageFull("the update wants %d blocks of flash, %d are free" % (demand, free + length))

    def _clear(self) -> None:
        _remove(self._path(MANIFEST))  # first: what follows is no whole slot any more
        for path, size in list(walk(self._folder)):
            self._feed()
            if size is None:
                os.rmdir(path)
            else:
                os.remove(path)
        _make_folder(self._folder)

    def _make_folders(self, path: str) -> None:
        end = path.find("/")
        while end > 0:
            _make_folder(self._path(path[:end]))
            end = path.find("/", end + 1)


def room(folder: str) -> tuple[int, int]:
    """(bytes of a block, free blocks) of the file system that `folder` is in."""
    status = os.statvfs(folder)
    return status[0], status[3]


def walk(folder: str) -> "Iterator[tuple[str, int | None]]":
    """(path, bytes) of every file below `folder`, and (path, None) of every folder after what is in it."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = folder + "/" + name
        status = os.stat(path)
        if status[0] & _FOLDER:
            for entry in walk(path):
                yield entry
            yield path, None
        else:
            yield path, status[6]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        pass  # it was not there


def _make_folder(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError as error:
        if error.args[0] != 17:  # EEXIST
            raise


def _pieces(path: str) -> "Iterator[memoryview]":
    """A file's bytes, piece by piece in one buffer."""
    piece = bytearray(512)
    view = memoryview(piece)
    with open(path, "rb") as file:
        while True:
            count = file.readinto(piece)
            if not count:
                return
            yield view[:count]


def _digest(path: str) -> bytes:
    hasher = hashlib.sha256()
    for piece in _pieces(path):
        hasher.update(piece)
    return hasher.digest()
