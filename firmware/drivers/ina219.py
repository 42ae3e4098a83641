"""Texas Instruments INA219: bus voltage, current and power over I2C.

Source: data sheet SBOS448G; section 8.5.1 for the calibration register, 8.6 for the registers. One triggered
conversion per read, sixteen samples averaged (about 17 ms), two for a look (2 ms); the chip idles in between.

Power is computed here from the voltage and current of the same conversion instead of read from the power
register: the data sheet leaves that register's sign open, and its step is twenty times that of the current.

Limits: 0 to 26 V on the bus. Above its range the chip clips or raises OVF: SensorFailed, never a clipped
value.
"""

import struct

from drivers.registers import Registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from drivers.registers import Bus
    from seal.ports import Quantity

_CONFIG, _BUS, _CURRENT, _CALIBRATION = 0x00, 0x02, 0x04, 0x05
_RESET, _RESET_VALUE = 0x8000, 0x399F
_BUS_32_V = 0x2000
_SIXTEEN_SAMPLES = 0b1100_1100_000
_TWO_SAMPLES = 0b1001_1001_000
_TRIGGERED = 0x0000 | 0b011
_READY, _OVERFLOW = 0x02, 0x01
_BUS_HIGHEST = 26_000
_TIMEOUT_MS = 200


class INA219:
    """An INA219 at `address` (0x40..0x4f) over a shunt of `shunt_micro_ohm`.

    `current_lsb_micro_ampere` is the step of the current register: 32767 of it is the highest current. As
    given (10 mOhm, 200 uA: 6.5 A) it suits a panel of 50 W at 12 to 20 V. Raises SensorFailed if no chip
    answers or it is another model, ValueError if shunt and step do not fit the chip.
    """

    model = "INA219"

    def __init__(
        self,
        i2c: "Bus",
        address: int = 0x40,
        shunt_micro_ohm: int = 10_000,
        current_lsb_micro_ampere: int = 200,
    ) -> None:
        self._chip = Registers(i2c, address, self.model)
        self._shunt = shunt_micro_ohm
        # Bit 0 of the calibration register is always 0.
        self._calibration = 40_960_000_000 // (current_lsb_micro_ampere * shunt_micro_ohm) & ~1
        self._config = _BUS_32_V | _gain(self._calibration) << 11 | _TRIGGERED
        self._chip.write(_CONFIG, struct.pack(">H", _RESET))
        value = self._word(_CONFIG)
        if value != _RESET_VALUE:
            raise self._chip.failure("0x%04x after reset, not 0x399f: no INA219; check the address" % value)

    def read(self) -> "list[Quantity]":
        """Measure once: voltage in mV, current in uA (negative: flows back), power in mW. Takes about 20 ms.

        Raises SensorFailed when the chip does not answer, does not finish, or is out of its range.
        """
        return self._measure(self._config | _SIXTEEN_SAMPLES)

    def look(self) -> "list[Quantity]":
        """As `read`, in 5 ms: for a count between readings. A ripple of the supply shows eight times as much."""
        return self._measure(self._config | _TWO_SAMPLES)

    def _measure(self, config: int) -> "list[Quantity]":
        chip = self._chip
        # Written each time: after a supply failure the chip reports 0 A, because its calibration is gone.
        chip.write(_CALIBRATION, struct.pack(">H", self._calibration))
        chip.write(_CONFIG, struct.pack(">H", config))
        chip.wait(self._is_ready, _TIMEOUT_MS)
        bus = self._word(_BUS)
        raw = struct.unpack(">h", chip.read(_CURRENT, 2))[0]
        if self._word(_CALIBRATION) != self._calibration or self._word(_CONFIG) != config:
            raise chip.failure("it lost its settings during the measurement; check its supply")
        millivolt = (bus >> 3) * 4
        if bus & _OVERFLOW:
            raise chip.failure("overflow: the current exceeds the range of the shunt; use a smaller shunt")
        if millivolt > _BUS_HIGHEST:
            raise chip.failure("%d mV on the bus; it measures to 26 V" % millivolt)
        # current register = shunt voltage (10 uV steps) * calibration / 4096, solved for the current.
        micro_ampere = _divide(raw * 40_960_000_000, self._calibration * self._shunt)
        return [
            ("voltage", "V", -3, millivolt),
            ("current", "A", -6, micro_ampere),
            ("power", "W", -3, _divide(millivolt * micro_ampere, 1_000_000)),
        ]

    def _is_ready(self) -> int:
        return self._word(_BUS) & _READY

    def _word(self, register: int) -> int:
        return struct.unpack(">H", self._chip.read(register, 2))[0]


def _gain(calibration: int) -> int:
    """The smallest gain setting (40, 80, 160, 320 mV: 0..3) in which the current register overflows before
    the shunt input clips, so that OVF shows every overload."""
    if 2 <= calibration <= 0xFFFE:
        for gain in range(4):
            if (4000 << gain) * calibration >> 12 > 32767:
                return gain
    raise ValueError("INA219: this shunt and current step do not fit its registers; choose another step")


def _divide(a: int, b: int) -> int:
    """a / b rounded to nearest, halves away from zero, so that a sign flip flips just the sign. b > 0."""
    half = b // 2
    return (a + half) // b if a >= 0 else -((half - a) // b)
