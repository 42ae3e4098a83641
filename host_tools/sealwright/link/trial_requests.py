"""The requests that have a device try itself: a part of `Client`."""

from abc import ABC, abstractmethod
from typing import Any

from ..errors import Malformed
from ..wire import cbor
from .labels import BENCH, REPLY_SECONDS, SELFTEST


class TrialRequests(ABC):
    """url: as in `Client`."""

    url: str

    @abstractmethod
    def call(self, kind: int, item: cbor.Value, seconds: float | None = None, every: float | None = None) -> Any:
        """The result of a request, see `Client`."""

    def selftest(self) -> dict[str, Any]:
        """{part: True, or the code of what failed}."""
        found = self.call(SELFTEST, None)
        if not isinstance(found, dict) or not all(isinstance(part, str) for part in found):
            raise Malformed(f"{self.url} answered with something else than its selftest")
        return found

    def bench(self, rounds: int) -> tuple[int, int]:
        """Microseconds of one signature and of one verification, the mean of `rounds`."""
        found = self.call(BENCH, rounds, seconds=REPLY_SECONDS + 2.0 * rounds)
        if not isinstance(found, list) or [type(part) for part in found] != [int, int]:
            raise Malformed(f"{self.url} answered with something else than two times")
        return found[0], found[1]
