"""Which of the breakout boards that a wiring has room for are there.

What does not answer when the board starts is not one of its sensors: plug it in and reset. One that goes silent later
stays a sensor, and each reading that needed it fails and says so.
"""

from drivers.energy import EnergyMeter
from seal.errors import SensorFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Protocol, Sequence

    from seal.ports import Meter, Sensor

    Maker = Callable[[Any], Sensor]  # of the sensor on a bus

    class Wiring(Protocol):
        """A board's module `wiring`."""

        @property
        def I2C_BUS(self) -> int: ...

        @property
        def SDA(self) -> int: ...

        @property
        def SCL(self) -> int: ...

        @property
        def BUTTON(self) -> int: ...

        @property
        def ON_I2C(self) -> Sequence[Any]: ...  # of Maker; classes and functions in one list have no common type


def metered(sensor: "Maker") -> "Callable[[Any], EnergyMeter]":
    """The same maker (callable(bus) -> sensor) for a sensor of power that counts energy too."""
    return lambda bus: EnergyMeter(sensor(bus))


def fitted(bus: object, makers: "Sequence[Maker]") -> "tuple[list[Sensor], Meter | None]":
    """(sensors, meter or None): what each of `makers` (callable(bus) -> sensor, SensorFailed where it is missing) finds
    on `bus`."""
    sensors: "list[Sensor]"
    meter: "Meter | None"
    sensors, meter = [], None
    for make in makers:
        try:
            sensor = make(bus)
        except SensorFailed:
            continue
        sensors.append(sensor)
        if isinstance(sensor, EnergyMeter):
            meter = sensor
    return sensors, meter
