"""Port Store on any mounted filesystem: a flat folder of small files.

`write` writes and closes a new file, then renames it over the old one. On LittleFS and POSIX a power cut leaves the old
or the new file; a rewrite in place, or flush() during one, does not ensure that. Not for FAT.
"""

import os

from .errors import Malformed, StorageFull

_NEW = ".new"
_NO_SPACE = (28, 27, 122)  # ENOSPC, EFBIG, EDQUOT
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789-"


class FileStore:
    """Records as files in `directory`, created if missing."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
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

    def write(self, name: str, data: bytes) -> None:
        """Replace the record: old or new after a power cut. Raises StorageFull and keeps the old record."""
        path = self._path(name)
        self._put(path + _NEW, "wb", data)
        os.rename(path + _NEW, path)

    def append(self, name: str, data: bytes) -> None:
        """Append `data` to the record in one write. Raises StorageFull and keeps the old content."""
        path = self._path(name)
        try:
            size = os.stat(path)[6]
        except OSError:
            size = 0
        self._put(path, "ab", data, size)

    def _put(self, path: str, mode: str, data: bytes, old_size: int | None = None) -> None:
        try:
            with open(path, mode) as file:
                if file.write(data) != len(data):
                    raise OSError(28)
        except OSError as error:
            self._undo(path, old_size)
            if error.args[0] in _NO_SPACE:
                raise StorageFull("the flash is full: collect and acknowledge readings to free it")
            raise

    def _undo(self, path: str, old_size: int | None) -> None:
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
