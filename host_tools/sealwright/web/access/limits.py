"""How often somebody may ask: buckets that fill with time, one for each who asks, and one for all.

Limits: in this process's memory; `MOST` of those who ask are remembered, and who has been silent longest is forgotten.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MOST: Final = 4096


class Limit:
    """So many at once, and so many a minute after that."""

    def __init__(self, burst: int, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._rate, self._clock = float(burst), per_minute / 60.0, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def takes(self, who: str) -> bool:
        """Whether one more is allowed; then it is counted."""
        now = self._clock()
        left, then = self._left.pop(who, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate)
        allowed = left >= 1.0
        self._left[who] = (left - 1.0 if allowed else left, now)
        if len(self._left) > MOST:
            self._left.popitem(last=False)
        return allowed


class Limits:
    """All limits of a server."""

    def __init__(self) -> None:
        self.requests = Limit(600, 6000)  # of one address
        self.links = Limit(30, 30)  # tries to sign in, of one address
        self.uploads = Limit(6, 12)  # of one session
        self.acts = Limit(6, 12)  # of one session
