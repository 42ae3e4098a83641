"""The requests of a firmware update, in the order of firmware/schema/rpc.cddl: a part of `Client`."""

from abc import ABC, abstractmethod
from typing import Any

from ..errors import Malformed
from ..wire import cbor
from .labels import UPDATE_BEGIN, UPDATE_COMMIT, UPDATE_LOCK, UPDATE_MANIFEST, UPDATE_SECONDS, UPDATE_WRITE


class UpdateRequests(ABC):
    """url, _seconds: as in `Client`."""

    url: str
    _seconds: float

    @abstractmethod
    def call(self, kind: int, item: cbor.Value, seconds: float | None = None, every: float | None = None) -> Any:
        """The result of a request, see `Client`."""

    def update_lock(self, signature: bytes) -> None:
        """Give it the HSS signature over the firmware message that comes next."""
        self.call(UPDATE_LOCK, signature)

    def update_begin(self, size: int, digest: bytes, signature: bytes) -> int:
        """Begin an update with the firmware message of this size; how many bytes of the message are there."""
        return self._size(UPDATE_BEGIN, [size, digest, signature], UPDATE_SECONDS)

    def update_manifest(self, offset: int, data: bytes) -> int | list[int]:
        """Send a piece of the firmware message; how many bytes of it are there. With the last one, or none where all
        is there: how many bytes of each file are."""
        found: int | list[int] = self.call(UPDATE_MANIFEST, [offset, data], max(self._seconds, UPDATE_SECONDS))
        if {type(size) for size in (found if isinstance(found, list) else [found])} != {int}:
            raise Malformed(f"{self.url} answered with something else than sizes")
        return found

    def update_write(self, index: int, offset: int, data: bytes) -> int:
        """Send a piece of a file; how many bytes of it are there now."""
        return self._size(UPDATE_WRITE, [index, offset, data])

    def _size(self, kind: int, item: cbor.Value, seconds: float = 0) -> int:
        found = self.call(kind, item, max(self._seconds, seconds))
        if type(found) is not int:
            raise Malformed(f"{self.url} answered with something else than a size")
        return found

    def update_commit(self) -> None:
        """Have it check every file and try them: it is reset after this."""
        self.call(UPDATE_COMMIT, None, max(self._seconds, UPDATE_SECONDS))
