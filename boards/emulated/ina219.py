"""A TI INA219 as its data sheet (SBOS448G) describes it on the bus: six 16-bit registers, timing, range, OVF.

Limits: no noise and no offset; conversions sample the truth when they begin; continuous modes
begin the next one when the last is looked at.
"""

from seal.compat import ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence

    from seal.ports import Ticks

_CONFIG, _SHUNT, _BUS, _POWER, _CURRENT, _CALIBRATION = range(6)
_READY, _OVERFLOW = 2, 1
_CONVERSION_US = (84, 148, 276, 532)  # 9 to 12 bits; with bit 3 set 12 bits and 2**n samples (table 5)


class INA219Chip:
    """`source()` returns the truth: (power in mW, voltage in mV); the shunt has `shunt_micro_ohm`."""

    def __init__(
        self,
        source: "Callable[[], Sequence[int]]",
        shunt_micro_ohm: int = 10_000,
        ticks: "Callable[[], Ticks]" = ticks_ms,
    ) -> None:
        self._source = source
        self._shunt = shunt_micro_ohm
        self._ticks = ticks
        self._pointer = 0
        self._power_on()

    def write(self, data: bytes) -> None:
        """Register number, then at most two bytes, the higher one first."""
        if data:
            self._pointer = data[0]
        if len(data) >= 3:
            self._set(data[0], data[1] << 8 | data[2])

    def read(self, count: int) -> bytes:
        """Two bytes of the selected register; what is clocked out beyond reads 0xff."""
        self._finish()
        if self._pointer > _CALIBRATION:
            return b"\x00" * count
        value = self._registers[self._pointer]
        if self._pointer == _POWER:
            self._registers[_BUS] &= ~_READY
        return (value.to_bytes(2, "big") + b"\xff" * count)[:count]

    def _power_on(self) -> None:
        self._registers = [0x399F, 0, 0, 0, 0, 0]
        self._busy_ms: "int | None" = None

    def _set(self, register: int, value: int) -> None:
        self._finish()
        if register == _CALIBRATION:
            self._registers[_CALIBRATION] = value & 0xFFFE
        elif register == _CONFIG and value & 0x8000:
            self._power_on()
        elif register == _CONFIG:
            self._registers[_CONFIG] = value
            if value & 3:
                self._registers[_BUS] &= ~_READY
                self._start(value)

    def _start(self, config: int) -> None:
        """Begin a conversion of what the mode bits choose: shunt (bit 0), bus (bit 1)."""
        microseconds = 0
        if config & 1:
            microseconds += _conversion_us(config >> 3 & 15)
        if config & 2:
            microseconds += _conversion_us(config >> 7 & 15)
        self._truth = self._source()
        self._start_ticks, self._busy_ms = self._ticks(), (microseconds + 999) // 1000

    def _finish(self) -> None:
        if self._busy_ms is not None and ticks_diff(self._ticks(), self._start_ticks) >= self._busy_ms:
            self._busy_ms = None
            self._convert(self._registers[_CONFIG])
            if self._registers[_CONFIG] & 4:
                self._start(self._registers[_CONFIG])

    def _convert(self, config: int) -> None:
        milliwatt, millivolt = self._truth
        registers = self._registers
        shunt = _signed(registers[_SHUNT])
        bus = registers[_BUS] >> 3
        if config & 1:
            microampere = milliwatt * 1_000_000 // millivolt if millivolt > 0 else 0
            steps = (microampere * self._shunt + 5_000_000) // 10_000_000
            highest = 4000 << (config >> 11 & 3)
            shunt = min(max(steps, -highest), highest)
        if config & 2:
            bus = min((max(millivolt, 0) + 2) // 4, 8000 if config & 0x2000 else 4000)
        # Equations 4 and 5 of the sheet.
        current = shunt * registers[_CALIBRATION] // 4096
        power = abs(current) * bus // 5000
        overflow = not -32768 <= current <= 32767 or power > 0xFFFF
        registers[_SHUNT] = shunt & 0xFFFF
        registers[_BUS] = bus << 3 | _READY | (_OVERFLOW if overflow else 0)
        registers[_CURRENT] = current & 0xFFFF
        registers[_POWER] = power & 0xFFFF


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word


def _conversion_us(setting: int) -> int:
    if setting & 8:
        return 532 << (setting & 7)
    return _CONVERSION_US[setting & 3]
