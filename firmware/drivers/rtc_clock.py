"""Port Clock on a microcontroller's real-time clock.

`time.time()` counts from 2000 on some ports and from 1970 on others; the port's own calendar says which. The clock
keeps its quality in RAM. After a reset, a time later than this firmware and before 2100 can only come from a host, so
it still counts as set by a host: the ESP32's clock runs through a reset, the RP2's starts again in 2021.

Limits: a second fine; a crystal of 30 ppm is off by 2.6 s a day, the ESP32's RC oscillator in deep sleep by much more.
Without power it is unset: no board here has a battery.
"""

import time

from machine import RTC

from seal.compat import const
from seal.labels import CLOCK_SINCE_BOOT, CLOCK_HOST
from seal.timekeeping import MAX_TIME, MIN_TIME

_SECONDS_TO_2000 = const(946_684_800)


class RtcClock:
    """The chip's clock, whatever its epoch."""

    def __init__(self) -> None:
        self._epoch = _SECONDS_TO_2000 if time.gmtime(0)[0] == 2000 else 0
        self.quality = CLOCK_HOST if MIN_TIME <= self.now() < MAX_TIME else CLOCK_SINCE_BOOT

    def now(self) -> int:
        """Unix seconds; since boot from an arbitrary start where `quality` is 1."""
        return int(time.time()) + self._epoch

    def set(self, unix: int, quality: int) -> None:
        """Set the clock, whatever it was. unix: 2000 to 2099."""
        year, month, day, hour, minute, second, weekday = time.gmtime(unix - self._epoch)[:7]
        RTC().datetime((year, month, day, weekday, hour, minute, second, 0))
        self.quality = quality
