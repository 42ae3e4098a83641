"""A bus with one chip, whose physical values the test sets, and a clock without waiting."""

from emulated.bme280 import BME280Chip
from emulated.i2c import I2C
from emulated.ina219 import INA219Chip


class Leap:
    """A clock that advances `step` ms at each call."""

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
