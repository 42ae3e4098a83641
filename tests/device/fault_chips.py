"""Rows of `faults`: the chips on the bus: weather, a power meter beside it, and the chip that keeps the keys."""

from drivers.bme280 import BME280
from drivers.energy import EnergyMeter
from drivers.ina219 import INA219
from element_bus import Element
from emulated import atecc608 as element_model
from emulated import i2c
from emulated.bme280 import BME280Chip
from emulated.ina219 import INA219Chip
from fault_rig import board_on, error_named, hold, loaded, made, outcome, sampled, values
from seal import senml
from sensor_bus import Leap

WEATHER, POWER = 0x76, 0x40
FIRST, LATER = (2000, 101_325, 50_000), (2511, 99_000, 40_000)
COUNTED = 5000  # joules before


class Bench:
    """A board with both sensors; `truth` is what the weather is."""

    def __init__(self):
        self.truth, self.ticks, self.weather_ticks = FIRST, Leap(), Leap()
        self.bus = i2c.I2C({WEATHER: BME280Chip(lambda: self.truth, self.weather_ticks)})
        self.bus.attach(POWER, INA219Chip(lambda: (120, 24), 10_000, self.ticks))
        self.weather = BME280(self.bus)

    def board(self, store=None):
        board = board_on(store)
        board.meter = EnergyMeter(INA219(self.bus), self.ticks)
        board.sensors = [self.weather, board.meter]
        return board


def sensor(address, kind):
    """A sensor fails between two readings, in the way of `kind`, and works again; what the three readings say."""

    def run():
        bench = Bench()
        device, told = made(bench.board())
        device.board.meter.restore(COUNTED)
        before = values(sampled(device, told))
        bench.truth = LATER
        bench.bus.fault(address, kind)
        records = sampled(device, told)
        code = device.sensor_fault
        during = values(records)
        bench.bus.fault(address)
        again = loaded(bench.board(device.board.store))  # a reset meanwhile: a count must not fall
        after = values(sampled(again, told))
        assert (before["temperature"], after["temperature"]) == ([-2, 2000], [-2, 2511]), (before, after)
        assert after["energy"] >= before["energy"] >= COUNTED, (before, after)
        failed = [name for name in ("BME280", "INA219") if during.get(name) == senml.NO_VALUE]
        assert failed and all("BME280" in failed or during[name] == after[name] for name in ("temperature",)), during
        if "BME280" in failed:
            assert "temperature" not in during and "humidity" not in during, "an old value"
        if "INA219" in failed:
            assert "energy" not in during and "power" not in during, "an old value"
        hold(again, told, bench.board(device.board.store))
        others = "the other sensor's values" if len(failed) == 1 else "nothing else"
        return "a signed reading: %s `no value`, and %s; %s" % (" and ".join(failed), others, error_named(code))

    return run


def slow():
    """The weather chip never ends its measurement."""
    bench = Bench()
    device, told = made(bench.board())
    sampled(device, told)
    usual, bench.weather_ticks.step = bench.weather_ticks.step, 0
    bench.truth = LATER
    during = values(sampled(device, told))
    assert during["BME280"] == senml.NO_VALUE and "temperature" not in during, during
    bench.weather_ticks.step = usual
    after = values(sampled(device, told))
    assert after["temperature"] == [-2, 2511], after
    hold(device, told, bench.board(device.board.store))
    return "a signed reading: BME280 `no value`, and the other sensor's values; `SensorFailed`"


def element(kind, count=1):
    """The chip that keeps the keys fails while a reading is signed, `count` times."""

    def run():
        chip = Element()
        device, told = made(on(chip))
        told.reading(device.sample()[0])
        errors = []
        for _ in range(count):
            chip.chip.fault(kind)
            before = device.log.seq
            errors.append(outcome(device.sample))
            assert device.log.seq == before + (errors[-1] is None)
            if errors[-1] is None:
                told.reading(device.log.last)
        chip.chip.fault(None)
        chip.chip._ticks.now += element_model.WATCHDOG_MS
        blocked = outcome(device.sample)
        assert (blocked is not None) == (count > 2), blocked
        if blocked is None:
            told.reading(device.log.last)
        hold(device, told, on(chip))
        if errors[-1] is None:
            return "the driver asks again; the reading is signed"
        after = "nothing is signed until a reset" if blocked else "the next reading has its number"
        return "no reading: %s; %s" % (errors[-1], after)

    return run


def on(chip):
    """A board with this chip, after a reset."""
    board = board_on(chip.store)
    board.keystore = chip.restart()
    return board


ROWS = [
    ("the weather chip does not acknowledge", sensor(WEATHER, i2c.NACK)),
    ("the weather chip's data line floats", sensor(WEATHER, i2c.ONES)),
    ("the weather chip never ends its measurement", slow),
    ("the power meter does not acknowledge", sensor(POWER, i2c.NACK)),
    ("the power meter's data line floats", sensor(POWER, i2c.ONES)),
    ("a chip holds the bus low", sensor(WEATHER, i2c.STUCK)),
    ("the ATECC608 does not acknowledge a command", element(element_model.NACK)),
    ("the ATECC608's answer fails its CRC", element(element_model.CRC)),
    ("the ATECC608 never ends a command", element(element_model.HANG)),
    ("the ATECC608 is pulled while it signs", element(element_model.PULLED)),
    ("the ATECC608 signs wrongly", element(element_model.WRONG)),
    ("the ATECC608 signs wrongly three times", element(element_model.WRONG, 3)),
]
