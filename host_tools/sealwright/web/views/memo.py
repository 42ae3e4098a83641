"""What costs long is found once for all who ask meanwhile, and again when it is old: the older, the longer it took.

So a fleet ten times larger does not make a server ten times busier: of its time one part in `SHARE` goes here.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

T = TypeVar("T")
SHARE: Final = 20
LEAST: Final = 1.0  # seconds


class _Found(NamedTuple):
    value: Any
    until: float


class Memo:
    """Values by name, for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: dict[str, _Found] = {}
        self._kept: dict[str, dict[str, Any]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def kept(self, name: str) -> dict[str, Any]:
        """A dictionary of this name, for what stays true; use it within `get`."""
        with self._lock:
            return self._kept.setdefault(name, {})

    def get(self, name: str, find: Callable[[], T]) -> T:
        """The value of this name, found now where it is old. What `find` raises is raised, and not kept."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            known = self._found.get(name)
            if known is not None and self._clock() < known.until:
                kept: T = known.value
                return kept
            begun = self._clock()
            value = find()
            over = self._clock()
            self._found[name] = _Found(value, over + max(LEAST, SHARE * (over - begun)))
            return value
