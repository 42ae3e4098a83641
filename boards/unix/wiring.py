"""The wires of the emulated board: the I2C bus has the chips that `hardware.json` names."""

from drivers.bme280 import BME280
from drivers.energy import EnergyMeter
from drivers.ina219 import INA219
from drivers.mcu_temperature import McuTemperature
from emulated.i2c import I2C
from emulated.sensors import plug
from emulated.series import Series

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from seal.ports import Meter, Sensor


def connect(series_paths: list[str]) -> "tuple[list[Sensor], Meter | None]":
    """Put the chips of these series files on the bus; returns (sensors, meter or None).

    Raises OSError or ValueError for a file that is missing or no series.
    """
    bus = I2C()
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
