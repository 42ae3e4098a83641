"""The ledger's time: it does not move while a batch is judged and logged, and never falls."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from ..clock import check_pause
from ..verify import Policy


class Watch:
    """`at`: unix seconds, until the next look. clock: gives the time in unix seconds. longest_pause: seconds from the
    log's last row after which the clock is not believed, None to believe it."""

    def __init__(self, clock: Callable[[], float], longest_pause: int | None = None) -> None:
        self._clock, self._longest_pause = clock, longest_pause
        self.at = int(clock())
        self.since = 0  # a time at which another log of the ledger was written: it bounds the pause, too

    def look(self, *, not_before: int = 0) -> None:
        """Take the time anew; never before `not_before`, the time of the log's last row. Raises ClockWrong for a time
        too long after it: every row after this one would be as late."""
        found = int(self._clock())
        check_pause(found, max(not_before, self.since), self._longest_pause)
        self.at = max(found, not_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedPolicy(Policy):
    """A policy whose time is a watch's: it moves on during a long settlement, and is the time that the log notes."""

    watch: Watch

    @classmethod
    def of(cls, policy: Policy, watch: Watch) -> "WatchedPolicy":
        """The same demands and knowledge, by another clock."""
        return cls(**{field.name: getattr(policy, field.name) for field in fields(policy)}, watch=watch)

    def now(self) -> int:
        """The unix time as of which to judge."""
        return self.watch.at
