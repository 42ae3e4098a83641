"""Drivers: their arithmetic against the data sheets' own, and what they do when a chip misbehaves."""

from check import raises
from drivers import bme280, mcu_temperature
from drivers.bme280 import BME280
from drivers.energy import EnergyMeter
from drivers.ina219 import INA219
from drivers.mcu_temperature import McuTemperature
from emulated.bme280 import BME280Chip
from emulated.i2c import I2C, NACK, ONES, STUCK
from emulated.ina219 import INA219Chip
from seal.errors import Malformed, SensorFailed

# BST-BMP280-DS001 section 3.12, the worked example: temperature and pressure work as in the BME280.
SHEET = (27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
HUMIDITY = (75, 362, 0, 313, 50, 30)


class Leap:
    """A clock that is `step` ms further at each look, so that no model makes a test wait."""

    def __init__(self, step=100):
        self.now = 0
        self.step = step

    def __call__(self):
        self.now += self.step
        return self.now


def weather(truth):
    bus = I2C()
    chip = BME280Chip(lambda: truth, Leap())
    bus.attach(0x76, chip)
    return bus, chip


def panel(truth):
    bus = I2C()
    chip = INA219Chip(lambda: truth, 10_000, Leap())
    bus.attach(0x40, chip)
    return bus, chip


def as_float(words, adc_t, adc_p, adc_h):
    """BST-BME280-DS002 section 4.2.3's double-precision formulas: (Cel, Pa, %RH)."""
    t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9, h1, h2, h3, h4, h5, h6 = words
    v1 = (adc_t / 16384.0 - t1 / 1024.0) * t2
    v2 = (adc_t / 131072.0 - t1 / 8192.0) ** 2 * t3
    fine = v1 + v2
    v1 = fine / 2.0 - 64000.0
    v2 = v1 * v1 * p6 / 32768.0
    v2 = v2 + v1 * p5 * 2.0
    v2 = v2 / 4.0 + p4 * 65536.0
    v1 = (p3 * v1 * v1 / 524288.0 + p2 * v1) / 524288.0
    v1 = (1.0 + v1 / 32768.0) * p1
    p = 1048576.0 - adc_p
    p = (p - v2 / 4096.0) * 6250.0 / v1
    v1 = p9 * p * p / 2147483648.0
    v2 = p * p8 / 32768.0
    p = p + (v1 + v2 + p7) / 16.0
    h = fine - 76800.0
    gain = h2 / 65536.0 * (1.0 + h6 / 67108864.0 * h * (1.0 + h3 / 67108864.0 * h))
    h = (adc_h - (h4 * 64.0 + h5 / 16384.0 * h)) * gain
    h = h * (1.0 - h1 * h / 524288.0)
    return fine / 5120.0, p, min(max(h, 0.0), 100.0)


def test_bme280_worked_example():
    words = SHEET + HUMIDITY
    fine = bme280.fine_temperature(words, 519888)
    assert fine == 128422
    assert (fine * 5 + 128) >> 8 == 2508
    # The sheet prints 25767236, its floating-point result; its 64-bit formula gives 25767233, 0.01 Pa less.
    assert bme280.compensate_pressure(words, fine, 415148) == 25767233


def test_bme280_integers_agree_with_the_double_precision_formulas():
    words = SHEET + HUMIDITY
    checked = 0
    for adc_t in range(380_000, 640_000, 20_011):
        for adc_p in range(250_000, 520_000, 30_011):
            adc_h = (adc_t + adc_p) // 28
            cel, pascal, percent = as_float(words, adc_t, adc_p, adc_h)
            if not 30_000 <= pascal <= 110_000:
                continue
            checked += 1
            fine = bme280.fine_temperature(words, adc_t)
            assert abs(fine / 5120 - cel) < 0.005, (adc_t, fine / 5120, cel)
            p = bme280.compensate_pressure(words, fine, adc_p) / 256
            assert abs(p - pascal) < 0.5, (adc_t, adc_p, p, pascal)
            h = bme280.compensate_humidity(words, fine, adc_h) / 1024
            assert abs(h - percent) < 0.02, (adc_t, adc_h, h, percent)
    assert checked > 50


def test_bme280_calibration_words_are_unpacked_as_table_16_says():
    bus, chip = weather((2153, 80917, 41_500))
    # H4 and H5 negative: 12-bit two's complement in three bytes.
    bus.writeto_mem(0x76, 0xF5, b"\x00")
    chip._registers[0xE4:0xE7] = bytes(((-5 >> 4) & 255, (-5 & 15) | ((-300 & 15) << 4), (-300 >> 4) & 255))
    words = BME280(bus)._calibration
    assert words[15:17] == (-5, -300), words


def test_bme280_tells_what_its_sensor_saw():
    bus, _ = weather((2153, 80917, 41_500))
    sensor = BME280(bus)
    assert sensor.model == "BME280"
    (t, p, h) = sensor.read()
    assert t[:3] == ("temperature", "Cel", -2) and abs(t[3] - 2153) <= 1, t
    assert p[:3] == ("pressure", "Pa", 0) and abs(p[3] - 80917) <= 1, p
    assert h[:3] == ("humidity", "%RH", -2) and abs(h[3] - 4150) <= 2, h
    for quantity in (t, p, h):
        assert type(quantity[3]) is int
    for truth in (
        (-3999, 30_001, 97_430),
        (8499, 109_999, 99_000),
        (2500, 101_325, 0),
        (-1, 80_000, 100_000),
    ):
        bus, _ = weather(truth)
        t, p, h = BME280(bus).read()
        assert abs(t[3] - truth[0]) <= 1 and abs(p[3] - truth[1]) <= 1, (truth, t, p)
        assert abs(h[3] * 10 - truth[2]) <= 20, (truth, h)


def test_bme280_refuses_another_chip():
    bus, chip = weather((2000, 90000, 50_000))
    chip._registers[0xD0] = 0x58
    error = raises(SensorFailed, BME280, bus)
    assert "0x58" in str(error) and "BMP280" in str(error), error
    assert "0x77" in str(raises(SensorFailed, BME280, bus, 0x77))


def test_bme280_bus_faults():
    bus, _ = weather((2000, 90000, 50_000))
    sensor = BME280(bus)
    for kind in (NACK, ONES, STUCK):
        bus.fault(0x76, kind)
        assert "0x76" in str(raises(SensorFailed, sensor.read))
        raises(SensorFailed, BME280, bus)
        bus.fault(0x76)
        assert len(sensor.read()) == 3


def test_bme280_that_never_finishes():
    bus = I2C()
    chip = BME280Chip(lambda: (2000, 90000, 50_000), lambda: 5)
    bus.attach(0x76, chip)
    assert "not done" in str(raises(SensorFailed, BME280(bus).read))


def test_bme280_reset_values_and_a_brown_out_are_no_reading():
    bus, chip = weather((2000, 90000, 50_000))
    sensor = BME280(bus)
    chip._show = lambda words: None  # the data registers stay as they were at reset
    assert "reset values" in str(raises(SensorFailed, sensor.read))
    bus, chip = weather((2000, 90000, 50_000))
    sensor = BME280(bus)
    chip._start = chip._power_on
    assert "settings" in str(raises(SensorFailed, sensor.read))


def test_bme280_out_of_range():
    for truth in ((9000, 90000, 50_000), (-4500, 90000, 50_000), (2000, 25000, 50_000), (2000, 115000, 0)):
        bus, _ = weather(truth)
        assert "range" in str(raises(SensorFailed, BME280(bus).read)), truth


def test_bme280_blank_calibration():
    bus, chip = weather((2000, 90000, 50_000))
    chip._registers[0x88:0xA2] = bytes(26)
    assert "calibration" in str(raises(SensorFailed, BME280, bus))


def test_ina219_tells_what_its_shunt_saw():
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


def test_ina219_overload_is_an_error_in_every_gain():
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


def test_ina219_brown_out_is_no_zero_ampere():
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


class Power:
    model = "INA219"

    def __init__(self, values):
        self.values = list(values)

    def read(self):
        value = self.values.pop(0)
        if value is None:
            raise SensorFailed("gone")
        return [("voltage", "V", -3, 12_000), ("power", "W", -3, value)]


def energies(meter, count):
    return [meter.read()[-1] for _ in range(count)]


def test_energy_is_the_trapezoid_rule_without_loss():
    meter = EnergyMeter(Power([1000, 3000, 3000, 333, 0]), Leap(1000))
    assert meter.model == "INA219"
    assert energies(meter, 5) == [("energy", "J", 0, n) for n in (0, 2, 5, 6, 6)]
    # 1 mW, every 997 ms: a thousand readings that each round to nothing make one joule.
    meter = EnergyMeter(Power([0]), Leap(1))
    meter._sensor.read = lambda: [("power", "W", -3, 1)]
    for _ in range(1_000_000 // 997):
        meter.read()
        meter._ticks.now += 996
    assert (meter._counted, meter.joules) == (2 * 997 * (1_000_000 // 997 - 1), 0)
    meter.read()
    assert meter.read()[-1][3] == 0
    meter._ticks.now += 5_000
    assert meter.read()[-1][3] == 1


def test_energy_never_falls_and_counts_nothing_it_did_not_see():
    meter = EnergyMeter(Power([2000, -9_000_000, -1, 0]), Leap(1000))
    assert [e[3] for e in energies(meter, 4)] == [0, 1, 1, 1]
    meter = EnergyMeter(Power([1000, None, 1000, 1000]), Leap(1000))
    meter.read()
    raises(SensorFailed, meter.read)
    assert [e[3] for e in energies(meter, 2)] == [0, 1]
    clock = Leap(1000)
    meter = EnergyMeter(Power([1000] * 4), clock, 0, 5_000)
    meter.read()
    clock.now += 5_000
    assert meter.read()[-1][3] == 0
    assert meter.read()[-1][3] == 1


def test_energy_restore():
    meter = EnergyMeter(Power([1000] * 4), Leap(1500), 500)
    energies(meter, 2)
    assert meter.joules == 2
    meter.restore(70)
    meter.restore(70)
    meter.restore(3)
    assert meter.joules == 71
    assert meter.read()[-1] == ("energy", "J", 0, 73)
    raises(Malformed, meter.restore, -1)


def test_energy_needs_power():
    class Other:
        model = "x"

        def read(self):
            return [("power", "W", -2, 5)]

    raises(SensorFailed, EnergyMeter(Other()).read)


def test_energy_over_a_real_ina219():
    bus, _ = panel((36_000, 18_000))
    meter = EnergyMeter(INA219(bus), Leap(1000))
    names = [q[0] for q in meter.read()]
    assert names == ["voltage", "current", "power", "energy"]
    assert meter.read()[-1] == ("energy", "J", 0, 36)


def test_mcu_temperature():
    # RP2040 data sheet 4.9.5: 0.706 V at 27 Cel, -1.721 mV for each degree.
    at_27 = 706 * 65535 // 3300
    assert abs(mcu_temperature.rp2_deci_celsius(at_27) - 270) <= 1
    for deci in range(-300, 1000, 77):
        volt = 0.706 - (deci / 10 - 27) * 0.001721
        assert abs(mcu_temperature.rp2_deci_celsius(int(volt * 65535 / 3.3 + 0.5)) - deci) <= 1
    assert mcu_temperature.fahrenheit_deci_celsius(212) == 1000
    assert mcu_temperature.fahrenheit_deci_celsius(-40) == -400
    assert McuTemperature("RP2040", lambda: 431).read() == [("mcu-temperature", "Cel", -1, 431)]
    for value in (-401, 1251, mcu_temperature.rp2_deci_celsius(0), mcu_temperature.rp2_deci_celsius(65535)):
        assert "RP2040" in str(raises(SensorFailed, McuTemperature("RP2040", lambda: value).read))

    def broken():
        raise OSError(5)

    raises(SensorFailed, McuTemperature("RP2040", broken).read)
