"""The wires of the emulated board: the I2C bus has the chips that `hardware.json` names."""

from drivers.bme280 import BME280
from drivers.energy import EnergyMeter
from drivers.ina219 import INA219
from drivers.mcu_temperature import McuTemperature
from emulated.elements import solder
from emulated.i2c import I2C
from emulated.sensors import plug
from emulated.series import Series
from keystore.finding import atecc608

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from seal.ports import Meter, Sensor


ELEMENTS_ON_I2C = [atecc608]


def make_bus(element: str | None) -> I2C:
    """The I2C bus, with the chip that keeps keys, if the board has one. Raises ValueError for one without a model."""
    bus = I2C()
    solder(bus, element, "")
    return bus


def connect(bus: I2C, series_paths: list[str]) -> "tuple[list[Sensor], Meter | None]":
    """Put the chips of these series files on the bus; returns (sensors, meter or None).

    Raises OSError or ValueError for a file that is missing or no series.
    """
    sensors: "list[Sensor]" = []
    meter: "Meter | None" = None
    for path in series_paths:
        series = Series(path)
        if series.sensor == "mcu":
            sensors.append(McuTemperature("emulated", _first_column(series)))
            continue
        plug(bus, series)
        if series.sensor == "bme280":
            sensors.append(BME280(bus))
        elif series.sensor == "ina219":
            meter = EnergyMeter(INA219(bus))
            sensors.append(meter)
    return sensors, meter


def _first_column(series: Series) -> "Callable[[], int]":
    return lambda: series()[0]
