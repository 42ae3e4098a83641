"""What is on which wire of the emulated board: the I2C bus carries the chips that `hardware.json` names."""

from drivers.bme280 import BME280
from drivers.energy import EnergyMeter
from drivers.ina219 import INA219
from drivers.mcu_temperature import McuTemperature
from emulated.i2c import I2C
from emulated.sensors import plug
from emulated.series import Series


def connect(series_paths):
    """Plug in the chips whose measured series these files hold; returns (sensors, meter or None).

    Raises OSError or ValueError for a file that is missing or no series.
    """
    bus = I2C()
    sensors = []  # type: list
    meter = None
    for path in series_paths:
        series = Series(path)
        if series.sensor == "mcu":
            sensors.append(McuTemperature("emulated", lambda series=series: series()[0]))
            continue
        plug(bus, series)
        if series.sensor == "bme280":
            sensors.append(BME280(bus))
        elif series.sensor == "ina219":
            meter = EnergyMeter(INA219(bus))
            sensors.append(meter)
    return sensors, meter
