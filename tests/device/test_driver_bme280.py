"""The BME280 driver: its arithmetic against the data sheet's, and its behaviour with a broken chip."""

from check import raises
from drivers import bme280
from drivers.bme280 import BME280
from emulated.bme280 import BME280Chip
from emulated.i2c import I2C, NACK, ONES, STUCK
from seal.errors import SensorFailed
from sensor_bus import weather

# BST-BMP280-DS001 section 3.12, the worked example: temperature and pressure work as in the BME280.
SHEET = (27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
HUMIDITY = (75, 362, 0, 313, 50, 30)


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


def test_bme280_integers_agree_with_double_precision_formulas():
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


def test_bme280_calibration_words_match_table_16():
    bus, chip = weather((2153, 80917, 41_500))
    # H4 and H5 negative: 12-bit two's complement in three bytes.
    bus.writeto_mem(0x76, 0xF5, b"\x00")
    chip._registers[0xE4:0xE7] = bytes(((-5 >> 4) & 255, (-5 & 15) | ((-300 & 15) << 4), (-300 >> 4) & 255))
    words = BME280(bus)._calibration
    assert words[15:17] == (-5, -300), words


def test_bme280_reports_sensor_values():
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


def test_bme280_conversion_timeout():
    bus = I2C()
    chip = BME280Chip(lambda: (2000, 90000, 50_000), lambda: 5)
    bus.attach(0x76, chip)
    assert "not done" in str(raises(SensorFailed, BME280(bus).read))


def test_bme280_reset_values_and_brown_out_are_errors():
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
