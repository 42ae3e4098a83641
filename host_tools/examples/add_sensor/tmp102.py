"""A new sensor in one page: the driver of a TI TMP102 (data sheet SBOS397), and a model of the chip to run it on.

    MICROPYPATH=firmware:boards .venv/bin/micropython host_tools/examples/add_sensor/tmp102.py

In the project the driver goes to firmware/drivers, the model to boards/emulated, and the driver's class into `ON_I2C`
of a board's wiring.py. Then the board signs what it reads.
"""

from drivers.registers import Registers
from emulated.i2c import I2C, ONES
from seal.errors import SensorFailed

_TEMPERATURE, _CONFIG = 0, 1
_TWELVE_BITS = 0x6000  # R1 and R0, which always read 1


class TMP102:
    """A TMP102 at `address` (0x48..0x4b). Raises SensorFailed if the chip is missing or another one."""

    model = "TMP102"

    def __init__(self, i2c, address=0x48):
        self._chip = Registers(i2c, address, self.model)
        self._check()

    def read(self):
        """[("temperature", "Cel", -4, n)]: the last conversion, of at most 250 ms ago, in steps of 0.0625 Cel.

        Raises SensorFailed when the chip is silent, or shows what lies outside -40..125 Cel.
        """
        self._check()
        raw = int.from_bytes(self._chip.read(_TEMPERATURE, 2), "big") >> 4
        steps = raw - 0x1000 if raw & 0x800 else raw
        if not -40 * 16 <= steps <= 125 * 16:
            raise self._chip.failure("%d/16 Cel; it measures -40 to 125" % steps)
        return [("temperature", "Cel", -4, steps * 625)]

    def _check(self):
        config = int.from_bytes(self._chip.read(_CONFIG, 2), "big")
        # a data line that floats reads as ones
        if config & _TWELVE_BITS != _TWELVE_BITS or config == 0xFFFF:
            raise self._chip.failure("0x%04x for its settings: no TMP102; check the address" % config)


class TMP102Chip:
    """The chip on the bus. `source()` returns the truth in 1/16 Cel, from -2048 to 2047."""

    def __init__(self, source):
        self._source = source
        self._pointer = 0

    def write(self, data):
        """The number of a register; its settings cannot be changed here."""
        if data:
            self._pointer = data[0] & 3

    def read(self, count):
        """The selected register, the higher byte first."""
        value = 0x60A0 if self._pointer == _CONFIG else (self._source() & 0xFFF) << 4
        return (value.to_bytes(2, "big") + b"\xff" * count)[:count]


def main():
    """Read the data sheet's examples (12-bit temperature data format), then what no TMP102 can measure."""
    truth = [0]
    bus = I2C({0x48: TMP102Chip(lambda: truth[0])})
    sensor = TMP102(bus)
    for word in (0x7FF, 0x640, 0x500, 0x4B0, 0x320, 0x190, 0x004, 0x000, 0xFFC, 0xE70, 0xC90):
        truth[0] = word
        try:
            print("0x%03x" % word, sensor.read())
        except SensorFailed as error:
            print("0x%03x" % word, error)
    bus.fault(0x48, ONES)
    try:
        sensor.read()
    except SensorFailed as error:
        print("broken wire:", error)


if __name__ == "__main__":
    main()
