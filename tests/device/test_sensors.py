"""The sensors that answer on the bus at start belong to the board; a power sensor becomes its meter."""

from check import raises
from drivers.bme280 import BME280
from drivers.ina219 import INA219
from drivers.sensors import count_energy, find_sensors
from emulated.i2c import I2C, NACK
from seal.errors import SensorFailed
from sensor_bus import panel, weather

MAKERS = [BME280, count_energy(INA219)]


def test_board_without_sensors():
    assert find_sensors(I2C(), MAKERS) == ([], None)


def test_each_sensor_alone():
    bus, _ = weather((2000, 101_325, 5000))
    sensors, meter = find_sensors(bus, MAKERS)
    assert [sensor.model for sensor in sensors] == ["BME280"] and meter is None
    bus, _ = panel((120, 24))
    sensors, meter = find_sensors(bus, MAKERS)
    assert [sensor.model for sensor in sensors] == ["INA219"] and sensors == [meter]
    assert meter.read()[-1][:2] == ("energy", "J")


def test_silent_sensor_stays_listed_and_fails():
    bus, _ = weather((2000, 101_325, 5000))
    (sensor,), _ = find_sensors(bus, MAKERS)
    bus.fault(0x76, NACK)
    raises(SensorFailed, sensor.read)
    assert find_sensors(bus, MAKERS) == ([], None)
