"""Time for limits per day: no step of the clock renews a day's limit, and none uses one up.

Trusted time follows the board's clock, but never back, and never faster than the device has been up since the last
mark. A mark is the trusted time in a journal record: it is written with each promise, and the first is the grant's.
Time without power is not counted; the owner's command `clock` sets trusted time anew.
"""

from .compat import const, ticks_diff, ticks_ms
from .records import CLOCK_RECORD, TRUSTED_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .journal import Journal
    from .ports import Clock

SECONDS_A_DAY = const(86400)


class Days:
    """The device's trusted time. ticks: callable -> wrapping milliseconds, the source of uptime."""

    _mark: int | None

    def __init__(self, journal: "Journal", clock: "Clock") -> None:
        self._journal = journal
        self._clock = clock
        self.ticks = ticks_ms
        self._last_ticks = self.ticks()
        self._up_ms = 0  # since the mark, or since boot
        self._mark = journal.get(TRUSTED_RECORD, journal.get(CLOCK_RECORD, (None,))[0])

    def advance(self) -> None:
        """Count the uptime. Call it at least once a day: ticks wrap."""
        ticks = self.ticks()
        self._up_ms += max(0, ticks_diff(ticks, self._last_ticks))
        self._last_ticks = ticks

    def now(self) -> int:
        """Trusted unix time. The clock's, where the journal has no mark and no time of a grant."""
        self.advance()
        if self._mark is None:
            return self._clock.now()
        return max(self._mark, min(self._clock.now(), self._mark + self._up_ms // 1000))

    def today(self) -> int:
        """The day that limits count, in days since 1970."""
        return self.now() // SECONDS_A_DAY

    def raise_mark(self, unix: int) -> None:
        """Trusted time is at least `unix`, as a record says."""
        if self._mark is None or unix > self._mark:
            self.set_mark(unix)

    def set_mark(self, unix: int) -> None:
        """Trusted time is `unix` now. The caller has stored it."""
        self.advance()
        self._mark, self._up_ms = unix, 0

    def store(self, unix: int) -> None:
        """Set the mark, and store it in a record of its own."""
        self._journal.put(TRUSTED_RECORD, unix)
        self.set_mark(unix)
