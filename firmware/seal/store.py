"""Port Store on any mounted filesystem: a flat folder of small files.

`write` writes and closes a new file, then renames it over the old one. On LittleFS and POSIX a power cut leaves the old
or the new file; flush() during a write does not ensure that. Not for FAT. On LittleFS whose flash is given, an existing
file is rewritten under its own name: closing it is one commit, which the old or the new content survives, and a third
of what a rename wears.
"""

import os

from .errors import Malformed, StorageFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .extent import Extents
    from .ports import BlockDevice

_NEW = ".new"
_NO_SPACE = (28, 27, 122)  # ENOSPC, EFBIG, EDQUOT
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-"


class FileStore:
    """Records as files in `directory`, created if missing. flash: the block device of the LittleFS that has the
    directory; without it, nothing is erased ahead."""

    _extents: "Extents | None"

    def __init__(self, directory: str, flash: "BlockDevice | None" = None) -> None:
        self._directory = directory
        self._extents = None
        if flash is not None:
            from .extent import Extents

            self._extents = Extents(flash)
        try:
            os.mkdir(directory)
        except OSError as error:
            if error.args[0] != 17:  # EEXIST
                raise
        for name in os.listdir(directory):
            if name.endswith(_NEW):  # left by a power cut during a write, never released
                os.remove(directory + "/" + name)

    def _path(self, name: str) -> str:
        if not 1 <= len(name) <= 32 or any(char not in _NAME for char in name):
            raise Malformed("no record can be named %r" % name)
        return self._directory + "/" + name

    def read(self, name: str) -> bytes | None:
        """The record's bytes, or None."""
        try:
            with open(self._path(name), "rb") as file:
                return file.read()
        except OSError as error:
            if error.args[0] != 2:  # ENOENT
                raise
            return None

    def write(self, name: str, data: "bytes | bytearray") -> None:
        """Replace the record: old or new after a power cut. Raises StorageFull and keeps the old record."""
        path = self._path(name)
        if self._extents and self.size(name):
            self._put(path, "wb", data, None)
            return
        self._put(path + _NEW, "wb", data)
        os.rename(path + _NEW, path)

    def append(self, name: str, data: bytes) -> None:
        """Append `data` to the record in one write. Raises StorageFull and keeps the old content."""
        self._put(self._path(name), "ab", data, self.size(name))

    def size(self, name: str) -> int:
        """Bytes of the record; 0 if there is none."""
        try:
            return os.stat(self._path(name))[6]
        except OSError as error:
            if error.args[0] != 2:
                raise
            return 0

    def read_at(self, name: str, at: int, size: int) -> bytes:
        """`size` bytes of the record from byte `at`, fewer at its end."""
        try:
            with open(self._path(name), "rb") as file:
                file.seek(at)
                return file.read(size)
        except OSError as error:
            if error.args[0] != 2:
                raise
            return b""

    def create_ahead(self, name: str, blocks: int) -> bool:
        """Make the record an extent of so many erased blocks, where the flash allows that; whether it is one. Raises
        StorageFull."""
        if self._extents is None:
            return False
        path = self._path(name)
        try:
            self._extents.create(path, blocks)
        except OSError as error:
            self._undo(path, 0)
            self._raise_if_full(error)
            raise
        if self._extents.find(path):
            return True
        self.remove(name)  # not a LittleFS after all
        self._extents = None
        return False

    def is_ahead(self, name: str) -> bool:
        """Whether `program` can append to the record."""
        return self._extents is not None and self._extents.find(self._path(name))

    def program(self, name: str, at: int, data: bytes) -> None:
        """Program blank bytes of an extent, or again what it has there. Raises OSError."""
        if self._extents is None:
            raise OSError(19)
        self._extents.program(self._path(name), at, data)

    def _raise_if_full(self, error: OSError) -> None:
        if error.args[0] in _NO_SPACE:
            raise StorageFull("the flash is full: collect and acknowledge readings to free it")

    def _put(self, path: str, mode: str, data: "bytes | bytearray", old_size: int | None = 0) -> None:
        try:
            with open(path, mode) as file:
                if file.write(data) != len(data):
                    raise OSError(28)
        except OSError as error:
            if old_size is not None:  # None: LittleFS itself keeps the old content of what failed before its close
                self._undo(path, old_size)
            self._raise_if_full(error)
            raise

    def _undo(self, path: str, old_size: int) -> None:
        # remove a short write: a reader would mistake it for the effect of a power cut
        try:
            if not old_size:
                os.remove(path)
                return
            with open(path, "rb") as file:
                data = file.read(old_size)
            with open(path + _NEW, "wb") as file:
                file.write(data)
            os.rename(path + _NEW, path)
        except OSError:
            pass  # the checksum of the record or frame reports the short write

    def remove(self, name: str) -> None:
        """Remove the record. Idempotent."""
        if self._extents:
            self._extents.forget(self._path(name))
        try:
            os.remove(self._path(name))
        except OSError as error:
            if error.args[0] != 2:
                raise

    def names(self) -> list[str]:
        """The names of all records, sorted."""
        return sorted(name for name in os.listdir(self._directory) if not name.endswith(_NEW))

    def free_blocks(self) -> int:
        """Blocks of the file system that hold nothing."""
        return os.statvfs(self._directory)[3]
