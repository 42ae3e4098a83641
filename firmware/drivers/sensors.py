"""Find the sensors on a board's I2C bus, of those that its wiring lists.

A chip that does not answer at start is not a sensor of the board: connect it and reset. A chip that stops answering
later stays a sensor, and each reading of it raises SensorFailed.
"""

from drivers.energy import EnergyMeter
from seal.errors import SensorFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Protocol, Sequence

    from drivers.battery import Pins
    from seal.ports import Meter, Sensor

    Maker = Callable[[Any], Sensor]  # makes a sensor on a bus

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
        def BATTERY(self) -> "Optional[Pins]": ...  # see `battery`; None: it is not measured

        @property
        def ON_I2C(self) -> Sequence[Any]: ...  # of Maker; classes and functions in one list have no common type


def count_energy(sensor: "Maker") -> "Callable[[Any], EnergyMeter]":
    """A maker (callable(bus) -> sensor) of an EnergyMeter over the power sensor that `sensor` makes."""
    return lambda bus: EnergyMeter(sensor(bus))


def find_sensors(bus: object, makers: "Sequence[Maker]") -> "tuple[list[Sensor], Meter | None]":
    """(sensors, meter or None): the sensor of each of `makers` (callable(bus) -> sensor) that does not raise
    SensorFailed on `bus`."""
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
