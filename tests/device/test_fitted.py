"""The sensors that answer on the bus at start belong to the board; a power sensor becomes its meter."""

from check import raises
from drivers.bme280 import BME280
from drivers.fitted import fitted, metered
from drivers.ina219 import INA219
from emulated.i2c import I2C, NACK
from seal.errors import SensorFailed
from sensor_bus import panel, weather

WIRED = [BME280, metered(INA219)]


def test_board_without_sensors():
    assert fitted(I2C(), WIRED) == ([], None)


def test_each_sensor_alone():
    bus, _ = weather((2000, 101_325, 5000))
    sensors, meter = fitted(bus, WIRED)
    assert [sensor.model for sensor in sensors] == ["BME280"] and meter is None
    bus, _ = panel((120, 24))
    sensors, meter = fitted(bus, WIRED)
    assert [sensor.model for sensor in sensors] == ["INA219"] and sensors == [meter]
    assert meter.read()[-1][:2] == ("energy", "J")


def test_silent_sensor_stays_listed_and_fails():
    bus, _ = weather((2000, 101_325, 5000))
    (sensor,), _ = fitted(bus, WIRED)
    bus.fault(0x76, NACK)
    raises(SensorFailed, sensor.read)
    assert fitted(bus, WIRED) == ([], None)
