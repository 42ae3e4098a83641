"""Which of the breakout boards that a wiring has room for are there.

What does not answer when the board starts is not one of its sensors: plug it in and reset. One that goes silent later
stays a sensor, and each reading that needed it fails and says so.
"""

from drivers.energy import EnergyMeter
from seal.errors import SensorFailed


def metered(sensor):
    """The same maker (callable(bus) -> sensor) for a sensor of power that counts energy too."""
    return lambda bus: EnergyMeter(sensor(bus))


def fitted(bus, makers):
    """(sensors, meter or None): what each of `makers` (callable(bus) -> sensor, SensorFailed where it is missing) finds
    on `bus`."""
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
