"""Staging of an update: write files into the spare slot piece by piece, then check them from flash.

    incoming     the firmware message of the update in progress; the files beside it belong to it
    manifest     the firmware message of a complete slot: `incoming`, renamed once every file is checked

A power cut leaves a file shorter, never different, so staging resumes at the end of each file. `finish` detects a wrong
piece and removes its file, which the host then sends again. Nothing here has the whole list of files in memory.
"""

import hashlib
import os

from .compat import const
from .errors import BadSignature, Malformed, StorageFull
from .labels import MANIFEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterator
    from .manifest import Manifest

INCOMING = "incoming"
NEW = ".new"
SUM = INCOMING + ".sum"
RESERVED = (
    MANIFEST,
    INCOMING,
    MANIFEST + NEW,
    INCOMING + NEW,
    SUM,
)  # an update's own files, now or earlier

_COMING = (INCOMING + NEW, SUM)  # the next update's
_SPARE_BLOCKS = const(8)  # for the journal, and for LittleFS's copies during a write
_FOLDER = const(0x4000)


class Staging:
    """One update in a slot's `folder`. manifest: its message, `incoming` in the folder. running: the running slot's
    folder or None; its equal files are copied, not sent. feed: feeds the watchdog between files."""

    def __init__(
        self,
        folder: str,
        manifest: "Manifest",
        running: str | None = None,
        feed: "Callable[[], None]" = lambda: None,
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._running = running
        self._feed = feed

    def has(self, index: int) -> bool:
        """Whether `index` is the number of a file."""
        return index < self._manifest.count

    def begin(self) -> list[int]:
        """Copy what the running slot has of the files; returns the size of each file so far. Raises StorageFull."""
        lengths = []
        for path, size, digest in self._manifest.files():
            self._feed()
            length = size_of(self._path(path))
            if self._running and not length:
                length = self._copy_from_running(self._running + "/" + path, path, size, digest)
            lengths.append(length)
        return lengths

    def _copy_from_running(self, source: str, path: str, size: int, digest: bytes) -> int:
        """Copy a file of the running slot if its size and digest match; returns the size of the copy."""
        if size_of(source) != size or _digest(source) != digest:
            return 0
        self._make_folders(path)
        with open(self._path(path), "wb") as new:
            for piece in _pieces(source):
                if new.write(piece) != len(piece):
                    raise StorageFull("the flash is full: acknowledge readings, or wipe what else is on it")
        return size

    def write(self, index: int, offset: int, data: bytes) -> int:
        """Append bytes to a file; returns its size. Idempotent for bytes already written. Raises Malformed for a gap,
        or beyond the file's size."""
        path, size, _ = self._manifest.file(index)
        length = size_of(self._path(path))
        if offset + len(data) <= length:
            return length
        if offset != length or offset + len(data) > size:
            raise Malformed("%s has %d of %d bytes" % (path, length, size))
        self._make_folders(path)
        append(self._path(path), data)
        return offset + len(data)

    def finish(self) -> None:
        """Check every file on flash and complete the slot. Raises Malformed for an incomplete file, and BadSignature
        after the removal of files that differ from the manifest."""
        bad_path = None
        for path, size, digest in self._manifest.files():
            self._feed()
            if size_of(self._path(path)) != size:
                raise Malformed("%s is incomplete" % path)
            if _digest(self._path(path)) != digest:
                os.remove(self._path(path))
                bad_path = path
        if bad_path:
            raise BadSignature("%s is not the file that the manifest names" % bad_path)
        for name in _COMING:
            remove(self._path(name))
        os.rename(self._manifest.path, self._path(MANIFEST))
        self._manifest.path = self._path(MANIFEST)

    def _path(self, name: str) -> str:
        return self._folder + "/" + name

    def _make_folders(self, path: str) -> None:
        end = path.find("/")
        while end > 0:
            make_folder(self._path(path[:end]))
            end = path.find("/", end + 1)


def check_room(folder: str, manifest: "Manifest") -> None:
    """Raise StorageFull unless the slot in `folder`, once cleared, can take the files of `manifest`."""
    block, free = room(folder[: folder.rfind("/")] or "/")
    coming = [folder + "/" + name for name in _COMING]
    free += sum(size // block + 1 for path, size in walk(folder) if size is not None and path not in coming)
    demand = sum(size // block + 1 for _, size, _ in manifest.files()) + _SPARE_BLOCKS
    if demand > free:
        raise StorageFull("the update needs %d blocks of flash, %d are free" % (demand, free))


def clear(folder: str, feed: "Callable[[], None]") -> None:
    """Remove what a slot holds, but for the manifest that is to come."""
    remove(folder + "/" + MANIFEST)  # first: from here on the slot is incomplete
    remove(folder + "/" + INCOMING)  # then: the files are nobody's
    coming = [folder + "/" + name for name in _COMING]
    for path, size in list(walk(folder)):
        feed()
        if size is None:
            os.rmdir(path)
        elif path not in coming:
            os.remove(path)


def room(folder: str) -> tuple[int, int]:
    """(bytes of a block, free blocks) of the file system that `folder` is in."""
    status = os.statvfs(folder)
    return status[0], status[3]


def walk(folder: str) -> "Iterator[tuple[str, int | None]]":
    """(path, bytes) of every file below `folder`, and (path, None) of every folder after its content."""
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


def size_of(path: str) -> int:
    """Bytes of a file; 0 if there is none."""
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def append(path: str, data: bytes) -> None:
    """Raises StorageFull after a short write."""
    with open(path, "ab") as file:
        if file.write(data) != len(data):
            raise StorageFull("the flash is full: acknowledge readings, or wipe what else is on it")


def remove(path: str) -> None:
    """Remove a file. Idempotent."""
    try:
        os.remove(path)
    except OSError:
        pass  # already removed


def make_folder(path: str) -> None:
    """Make a folder. Idempotent."""
    try:
        os.mkdir(path)
    except OSError as error:
        if error.args[0] != 17:  # EEXIST
            raise


def _pieces(path: str) -> "Iterator[memoryview]":
    """Yield a file's bytes piece by piece, in one buffer."""
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
