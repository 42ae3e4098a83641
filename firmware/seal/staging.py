"""Staging of an update: write files into the spare slot piece by piece, then check them from flash.

    incoming     the firmware message of the update in progress; the files beside it belong to it
    manifest     the firmware message of a complete slot; replaces `incoming` once every file is checked

A power cut leaves a file shorter, never different, so staging resumes at the end of each file. `finish` detects a wrong
piece and removes its file, which the host then sends again.
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

_NEW = ".new"
RESERVED = (MANIFEST, INCOMING, MANIFEST + _NEW, INCOMING + _NEW)  # this module's own files

_SPARE_BLOCKS = const(8)  # for the journal, and for LittleFS's copies during a write
_FOLDER = const(0x4000)


class Staging:
    """One update in a slot's `folder`. raw: the firmware message. files: its [[path, bytes, SHA-256], ...]. running:
    the running slot's folder or None; its equal files are copied, not sent. feed: feeds the watchdog between files."""

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
        """Whether `index` is the number of a file."""
        return index < len(self._files)

    def begin(self) -> list[int]:
        """Prepare the folder and keep the files of this very message; returns the size of each file so far.
        Raises StorageFull before any change."""
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
        """Copy a file of the running slot if its size and digest match."""
        try:
            if os.stat(source)[6] != size or _digest(source) != digest:
                return
        except OSError:
            return  # missing in the running slot
        self._make_folders(path)
        with open(self._path(path), "wb") as new:
            for piece in _pieces(source):
                if new.write(piece) != len(piece):
                    raise StorageFull("the flash is full: acknowledge readings, or wipe what else is on it")

    def write(self, index: int, offset: int, data: bytes) -> int:
        """Append bytes to a file; returns its size. Idempotent for bytes already written. Raises Malformed for a gap,
        or beyond the file's size."""
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
        """Check every file on flash and complete the slot. Raises Malformed for an incomplete file, and BadSignature
        after the removal of files that differ from the manifest."""
        bad_path = None
        for path, size, digest in self._files:
            self._feed()
            if self._size(path) != size:
                raise Malformed("%s is incomplete" % path)
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
            raise StorageFull("the update needs %d blocks of flash, %d are free" % (demand, free + length))

    def _clear(self) -> None:
        _remove(self._path(MANIFEST))  # first: from here on the slot is incomplete
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
        pass  # already removed


def _make_folder(path: str) -> None:
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
