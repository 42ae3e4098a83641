"""The chip models against their data sheets, on the bus they sit on."""

from errno import ENODEV, ETIMEDOUT

from check import raises
from emulated import bme280
from emulated.bme280 import BME280Chip
from emulated.i2c import I2C, NACK, ONES, STUCK
from emulated.ina219 import INA219Chip


class Clock:
    """A clock the test sets."""

    now = 0

    def __call__(self):
        return self.now


class Truth:
    """The physical values; counts the samples."""

    def __init__(self, *values):
        self.values = values
        self.samples = 0

    def __call__(self):
        self.samples += 1
        return self.values


def test_bus_behaves_like_ports():
    bus = I2C({0x76: BME280Chip(Truth(0, 0, 0)), 0x40: INA219Chip(Truth(0, 0))})
    assert bus.scan() == [0x40, 0x76]
    assert raises(OSError, bus.readfrom_mem, 0x50, 0, 1).errno == ENODEV
    assert raises(OSError, bus.writeto, 0x50, b"x").errno == ENODEV
    assert bus.writeto(0x76, b"\xd0") == 1
    assert bus.readfrom(0x76, 1) == b"\x60"
    buffer = bytearray(2)
    bus.readfrom_mem_into(0x40, 0, buffer)
    assert buffer == b"\x39\x9f"
    bus.readfrom_into(0x40, buffer)
    assert buffer == b"\x39\x9f"


def test_bus_faults():
    bus = I2C({0x76: BME280Chip(Truth(0, 0, 0)), 0x40: INA219Chip(Truth(0, 0))})
    bus.fault(0x76, NACK)
    assert bus.scan() == [0x40]
    assert raises(OSError, bus.readfrom_mem, 0x76, 0xD0, 1).errno == ENODEV
    bus.fault(0x76, ONES)
    assert bus.readfrom_mem(0x76, 0xD0, 3) == b"\xff\xff\xff"
    bus.fault(0x76, STUCK)
    assert raises(OSError, bus.readfrom_mem, 0x40, 0, 2).errno == ETIMEDOUT
    assert bus.scan() == []
    bus.fault(0x76)
    assert bus.readfrom_mem(0x76, 0xD0, 1) == b"\x60"


def test_chip_may_refuse_on_bus():
    class Asleep:
        def write(self, data):
            raise OSError(ENODEV, "asleep")

        read = write

    bus = I2C()
    bus.attach(0x60, Asleep())
    assert bus.scan() == []
    raises(OSError, bus.readfrom, 0x60, 1)


def test_bme280_reset_values():
    bus = I2C({0x76: BME280Chip(Truth(2000, 90_000, 50_000))})
    assert bus.readfrom_mem(0x76, 0xF7, 8) == b"\x80\x00\x00\x80\x00\x00\x80\x00"
    assert bus.readfrom_mem(0x76, 0xF2, 4) == b"\x00\x00\x00\x00"


def test_bme280_forced_mode_is_busy_then_sleeps():
    clock, truth = Clock(), Truth(2000, 90_000, 50_000)
    bus = I2C({0x76: BME280Chip(truth, clock)})
    bus.writeto_mem(0x76, 0xF2, b"\x01")
    bus.writeto_mem(0x76, 0xF4, b"\x25")
    # Section 9.1, all once: 1.25 + 2.3 + 2.3 + 0.575 + 2.3 + 0.575 = 9.3 ms.
    assert bus.readfrom_mem(0x76, 0xF3, 2) == b"\x08\x25"
    clock.now = 9
    assert bus.readfrom_mem(0x76, 0xF3, 2) == b"\x08\x25"
    assert bus.readfrom_mem(0x76, 0xF7, 3) == b"\x80\x00\x00"
    clock.now = 10
    assert bus.readfrom_mem(0x76, 0xF3, 2) == b"\x00\x24"
    data = bus.readfrom_mem(0x76, 0xF7, 8)
    assert data[:3] != b"\x80\x00\x00" and data[3:6] != b"\x80\x00\x00" and data[6:] != b"\x80\x00"
    assert data[2] & 15 == data[5] & 15 == 0  # 16 bits when sampled once
    assert truth.samples == 1
    clock.now = 500
    assert bus.readfrom_mem(0x76, 0xF7, 8) == data and truth.samples == 1


def test_bme280_skips_disabled_measurements():
    clock = Clock()
    bus = I2C({0x76: BME280Chip(Truth(2000, 90_000, 50_000), clock)})
    bus.writeto_mem(0x76, 0xF4, b"\x21")
    bus.writeto_mem(0x76, 0xF2, b"\x01")  # too late: it counts with the next write to ctrl_meas
    clock.now = 100
    data = bus.readfrom_mem(0x76, 0xF7, 8)
    assert data[:3] == b"\x80\x00\x00" and data[3:5] != b"\x80\x00" and data[6:] == b"\x80\x00"


def test_bme280_register_writes_come_in_pairs_and_soft_reset():
    clock = Clock()
    bus = I2C({0x76: BME280Chip(Truth(2000, 90_000, 50_000), clock)})
    bus.writeto(0x76, b"\xf2\x01\xf4\x25\xf5\xa0")
    clock.now = 50
    assert bus.readfrom_mem(0x76, 0xF2, 4) == b"\x01\x00\x24\xa0"
    bus.writeto_mem(0x76, 0xE0, b"\x00")
    assert bus.readfrom_mem(0x76, 0xF2, 1) == b"\x01"
    bus.writeto_mem(0x76, 0xE0, b"\xb6")
    assert bus.readfrom_mem(0x76, 0xF2, 4) == b"\x00\x00\x00\x00"
    bus.writeto_mem(0x76, 0xD0, b"\x55")
    assert bus.readfrom_mem(0x76, 0xD0, 1) == b"\x60"


def test_bme280_words_invert_compensation_over_whole_range():
    for centi in range(-4000, 8501, 1250):
        for pascal in (30_000, 65_432, 80_917, 110_000):
            t, p, h = bme280.adc_words((centi, pascal, 41_500), (16, 16, 1))
            fine = bme280.celsius(t) * 5120
            assert abs(bme280.celsius(t) * 100 - centi) < 0.1
            assert abs(bme280.pascals(p, fine) - pascal) < 0.2
            assert abs(bme280.percent(h, fine) - 41.5) < 0.01
    for t, p in ((0, 0), (0, 1), (1, 0)):
        assert bme280.adc_words((2000, 90_000, 50_000), (t, p, 0))[2] == 0x8000


def test_ina219_registers():
    clock, truth = Clock(), Truth(45_000, 18_000)
    bus = I2C({0x40: INA219Chip(truth, 10_000, clock)})
    assert bus.readfrom_mem(0x40, 0, 2) == b"\x39\x9f"
    assert bus.readfrom_mem(0x40, 5, 2) == b"\x00\x00"
    bus.writeto_mem(0x40, 5, b"\x50\x01")  # bit 0 is void
    assert bus.readfrom_mem(0x40, 5, 2) == b"\x50\x00"
    bus.writeto_mem(0x40, 0, b"\x39\x9b")  # triggered, 12 bits: 2 * 532 us
    assert bus.readfrom_mem(0x40, 2, 2)[1] & 2 == 0
    clock.now = 2
    assert bus.readfrom_mem(0x40, 2, 2) == (4500 << 3 | 2).to_bytes(2, "big")
    assert bus.readfrom_mem(0x40, 1, 2) == (2500).to_bytes(2, "big")
    assert bus.readfrom_mem(0x40, 4, 2) == (12_500).to_bytes(2, "big")
    assert bus.readfrom_mem(0x40, 2, 2)[1] & 2 == 2
    assert bus.readfrom_mem(0x40, 3, 2) == (11_250).to_bytes(2, "big")
    assert bus.readfrom_mem(0x40, 2, 2)[1] & 2 == 0  # reading the power clears CNVR
    assert truth.samples == 1
    bus.writeto_mem(0x40, 0, b"\x80\x00")
    assert bus.readfrom_mem(0x40, 0, 2) == b"\x39\x9f"
    assert bus.readfrom_mem(0x40, 4, 2) == b"\x00\x00"


def test_ina219_without_calibration_reports_zero_current():
    clock = Clock()
    bus = I2C({0x40: INA219Chip(Truth(45_000, 18_000), 10_000, clock)})
    bus.writeto_mem(0x40, 0, b"\x39\x9b")
    clock.now = 2
    assert bus.readfrom_mem(0x40, 4, 2) == b"\x00\x00"
    assert bus.readfrom_mem(0x40, 1, 2) == (2500).to_bytes(2, "big")


def test_ina219_clips_and_overflows():
    clock = Clock()
    bus = I2C({0x40: INA219Chip(Truth(-90_000, 18_000), 10_000, clock)})
    bus.writeto_mem(0x40, 5, b"\x50\x00")
    for gain, steps in ((0, 4000), (1, 5000)):  # 40 mV clips the 50 mV there are
        bus.writeto_mem(0x40, 0, (0x219B | gain << 11).to_bytes(2, "big"))
        clock.now += 2
        assert bus.readfrom_mem(0x40, 1, 2) == (0x10000 - steps).to_bytes(2, "big")
        assert bus.readfrom_mem(0x40, 2, 2)[1] & 3 == 2
    bus.attach(0x41, INA219Chip(Truth(200_000, 18_000), 10_000, clock))
    bus.writeto_mem(0x41, 5, b"\x50\x00")
    bus.writeto_mem(0x41, 0, b"\x39\x9b")
    clock.now += 2
    assert bus.readfrom_mem(0x41, 2, 2)[1] & 3 == 3
    bus.attach(0x42, INA219Chip(Truth(0, 30_000), 10_000, clock))
    bus.writeto_mem(0x42, 0, b"\x19\x9b")  # 16 V range
    clock.now += 2
    assert bus.readfrom_mem(0x42, 2, 2)[0] << 8 >> 3 == 4000 // 32 * 32


def test_ina219_continuous_mode_follows():
    clock, truth = Clock(), Truth(18_000, 18_000)
    bus = I2C({0x40: INA219Chip(truth, 10_000, clock)})
    bus.writeto_mem(0x40, 0, b"\x39\x9f")
    clock.now = 2
    assert bus.readfrom_mem(0x40, 1, 2) == (1000).to_bytes(2, "big")
    truth.values = (36_000, 18_000)
    clock.now = 4
    bus.readfrom_mem(0x40, 1, 2)
    clock.now = 6
    assert bus.readfrom_mem(0x40, 1, 2) == (2000).to_bytes(2, "big")
