"""A lifetime energy counter over any sensor that measures power.

Energy is the trapezoid rule over the readings, in integers: nothing is lost to rounding, the part below one
joule is kept for the next reading. Negative power (a panel's inverter at night) counts as zero, so the
counter never falls. An interval without measurement, longer than `max_gap_ms` (sensor
failed, device asleep), adds nothing.

Limits: the counter is in RAM. After a start, `restore` it from the last logged reading: less than one joule and
the time without power are lost, and nothing is counted twice.
"""

from seal.compat import ticks_diff, ticks_ms
from seal.errors import Malformed, SensorFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from seal.ports import Quantity, Sensor, Ticks

_HALF_MICROJOULES = 2_000_000  # mW * ms is uJ, and a trapezoid is half of (a + b) * time


class EnergyMeter:
    """Wraps `power_sensor` and adds ("energy", "J", 0, n) to its quantities.

    `ticks` is the board's millisecond counter; `start_mJ` the initial value of the lifetime counter, in
    millijoules.
    """

    def __init__(
        self,
        power_sensor: "Sensor",
        ticks: "Callable[[], Ticks]" = ticks_ms,
        start_mJ: int = 0,
        max_gap_ms: int = 600_000,
    ) -> None:
        self._sensor = power_sensor
        self._ticks = ticks
        self._max_gap_ms = max_gap_ms
        self._start = start_mJ * (_HALF_MICROJOULES // 1000)
        self._count = 0
        self._last: "tuple[Ticks, int] | None" = None  # ticks, mW

    @property
    def model(self) -> str:
        return self._sensor.model

    @property
    def joules(self) -> int:
        """Whole joules of its lifetime so far."""
        return (self._start + self._count) // _HALF_MICROJOULES

    def restore(self, joules: int) -> None:
        """Begin from `joules`, the counter in the last logged reading; never lowers it. Raises Malformed
        below 0."""
        if joules < 0:
            raise Malformed("energy: the counter cannot start at %d J; it begins at 0" % joules)
        self._start = max(self._start, joules * _HALF_MICROJOULES)

    def read(self) -> "list[Quantity]":
        """The sensor's quantities and energy in J. Raises SensorFailed; that interval then counts nothing."""
        return self._counted(self._sensor.read)

    def look(self) -> "list[Quantity]":
        """As `read`, as quickly as the sensor can."""
        return self._counted(getattr(self._sensor, "look", self._sensor.read))

    def _counted(self, measure: "Callable[[], list[Quantity]]") -> "list[Quantity]":
        last, self._last = self._last, None
        quantities = list(measure())
        now = self._ticks()
        power = max(0, _milliwatt(quantities))
        if last is not None:
            elapsed = ticks_diff(now, last[0])
            if 0 <= elapsed <= self._max_gap_ms:
                self._count += (last[1] + power) * elapsed
        self._last = (now, power)
        quantities.append(("energy", "J", 0, self.joules))
        return quantities


def _milliwatt(quantities: "list[Quantity]") -> int:
    for name, unit, exponent, mantissa in quantities:
        if name == "power" and unit == "W" and exponent == -3 and mantissa is not None:
            return mantissa
    raise SensorFailed("energy: the sensor measures no power in mW; use one that does, such as INA219")
