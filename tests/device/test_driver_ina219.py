"""The INA219 driver: the data sheet's example, overloads in every gain, and a chip that misbehaves."""

from check import raises
from drivers.ina219 import INA219
from emulated.bme280 import BME280Chip
from emulated.i2c import I2C, NACK, ONES, STUCK
from emulated.ina219 import INA219Chip
from seal.errors import SensorFailed
from sensor_bus import Leap, panel


def test_ina219_reports_shunt_values():
    for milliwatt, millivolt in ((45_000, 18_000), (50_000, 12_000), (500, 20_000), (0, 4), (-26, 18_000)):
        bus, _ = panel((milliwatt, millivolt))
        sensor = INA219(bus)
        assert sensor.model == "INA219"
        v, i, w = sensor.read()
        assert v == ("voltage", "V", -3, millivolt), v
        assert i[:3] == ("current", "A", -6) and abs(i[3] - milliwatt * 1_000_000 // millivolt) <= 600, i
        assert w[:3] == ("power", "W", -3) and abs(w[3] - milliwatt) <= millivolt / 2000 + 1, w
        assert abs(w[3] - v[3] * i[3] / 1e6) <= 0.5
    assert sensor.read()[2][3] < 0


def test_ina219_look_is_a_read_with_fewer_samples():
    bus, chip = panel((45_000, 18_000))
    sensor = INA219(bus)
    assert sensor.look() == sensor.read()
    took = []
    for measure in (sensor.read, sensor.look):
        measure()
        chip._start(chip._registers[0])
        took.append(chip._busy_ms)
    assert took == [18, 3]  # sixteen samples and two, of voltage and current each


def test_ina219_sheet_example():
    # Section 9.2.2.1, its table 8: 2 mOhm, 1 mA a step, 10 A at 11.98 V gives current 0x2710, power 119.8 W.
    bus = I2C()
    bus.attach(0x40, INA219Chip(lambda: (119_800, 11_980), 2_000, Leap()))
    sensor = INA219(bus, 0x40, 2_000, 1_000)
    v, i, w = sensor.read()
    assert bus.readfrom_mem(0x40, 5, 2) == b"\x50\x00"
    assert bus.readfrom_mem(0x40, 4, 2) == b"\x27\x10"
    assert bus.readfrom_mem(0x40, 1, 2) == b"\x07\xd0"
    assert bus.readfrom_mem(0x40, 3, 2) == b"\x17\x66"
    assert bus.readfrom_mem(0x40, 2, 2)[:1] == b"\x5d"
    assert (v[3], i[3], w[3]) == (11_980, 10_000_000, 119_800)


def test_ina219_overload_is_error_in_every_gain():
    for shunt, step in ((10_000, 200), (100_000, 20), (100_000, 97), (2_000, 1_000), (5_000, 1_300)):
        highest = 32767 * step // 1000
        for percent in (97, 102, 500):
            bus = I2C()
            milliampere = highest * percent // 100
            truth = (milliampere * 10, 10_000)
            bus.attach(0x40, INA219Chip(lambda: truth, shunt, Leap()))
            sensor = INA219(bus, 0x40, shunt, step)
            if percent < 100:
                assert abs(sensor.read()[1][3] // 1000 - milliampere) <= 10_000 // shunt + 1, (shunt, step)
            else:
                assert "overflow" in str(raises(SensorFailed, sensor.read)), (shunt, step)
    bus, _ = panel((1000, 30_000))
    assert "26 V" in str(raises(SensorFailed, INA219(bus).read))


def test_ina219_impossible_shunts():
    bus, _ = panel((0, 0))
    for shunt, step in ((1, 1), (1_000_000, 1000), (100_000, 200)):
        raises(ValueError, INA219, bus, 0x40, shunt, step)


def test_ina219_bus_faults_and_wrong_chip():
    bus, chip = panel((1000, 12_000))
    sensor = INA219(bus)
    for kind in (NACK, ONES, STUCK):
        bus.fault(0x40, kind)
        raises(SensorFailed, sensor.read)
        raises(SensorFailed, INA219, bus)
        bus.fault(0x40)
        assert len(sensor.read()) == 3
    bus.attach(0x41, BME280Chip(lambda: (0, 0, 0), Leap()))
    assert "no INA219" in str(raises(SensorFailed, INA219, bus, 0x41))
    frozen = I2C({0x40: INA219Chip(lambda: (1000, 12_000), 10_000, lambda: 5)})
    assert "not done" in str(raises(SensorFailed, INA219(frozen).read))


def test_ina219_brown_out_is_an_error():
    bus, chip = panel((40_000, 18_000))
    sensor = INA219(bus)
    chip._power_on()
    assert sensor.read()[2][3] > 39_000  # between readings: it is set up anew
    finish = chip._finish

    def fails():
        finish()
        if chip._busy_ms is None and chip._registers[5]:
            chip._registers[5] = 0

    chip._finish = fails
    assert "settings" in str(raises(SensorFailed, sensor.read))
