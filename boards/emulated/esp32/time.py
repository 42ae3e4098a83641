"""The module `time` of an emulated board: its epoch is 2000, as the ESP32's, and `machine.RTC` sets it.

Like the chip's, the clock is at its epoch when power comes. Unlike the chip's, it does not run through a reset.
"""

from utime import *  # noqa: F403  the unix port's own
from utime import gmtime as _gmtime
from utime import mktime as _mktime
from utime import ticks_diff, ticks_ms

_SECONDS_TO_2000 = 946_684_800
_set = (0, ticks_ms())  # seconds since 2000, and the ticks at that time


def time() -> int:
    """Seconds since 2000."""
    return _set[0] + ticks_diff(ticks_ms(), _set[1]) // 1000


def gmtime(seconds: int | None = None) -> tuple[int, ...]:
    """The calendar of seconds since 2000."""
    return _gmtime((time() if seconds is None else seconds) + _SECONDS_TO_2000)


localtime = gmtime


def mktime(calendar: tuple[int, ...]) -> int:
    """Seconds since 2000 of a calendar."""
    return int(_mktime(calendar)) - _SECONDS_TO_2000


def set_time(seconds: int) -> None:
    """Set the clock, for `machine.RTC`."""
    global _set
    _set = (seconds, ticks_ms())
