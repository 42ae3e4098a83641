"""A Bosch BME280 as its data sheet (BST-BME280-DS002) describes it on the bus: registers, timing, ADC words.

It takes true values and answers with the ADC words from which the compensation of section 4.2.3 computes
them. To stay independent of the driver, which uses the integer formulas, the model inverts the floating-point
ones.

The calibration words are made up for this project: near the middle of what the sheet's example shows, so that
the whole range -40..85 Cel, 300..1100 hPa, 0..100 %RH fits into the ADC. They are not those of a real chip.

Limits: I2C; sleep and forced mode (normal mode measures once, like forced); no IIR filter; no noise.
"""

import struct

from seal.compat import ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Sequence

    from seal.ports import Ticks

T1, T2, T3 = 28_001, 26_211, -1_003
P1, P2, P3, P4, P5, P6, P7, P8, P9 = 36_907, -10_590, 3_024, 6_402, 91, -7, 12_300, -14_600, 6_000
H1, H2, H3, H4, H5, H6 = 75, 366, 0, 312, 50, 30

_SKIPPED = (0x80000, 0x80000, 0x8000)


class BME280Chip:
    """`source()` returns the truth: (temperature in 0.01 Cel, pressure in Pa, humidity in 0.001 %RH)."""

    def __init__(self, source: "Callable[[], Sequence[int]]", ticks: "Callable[[], Ticks]" = ticks_ms) -> None:
        self._source = source
        self._ticks = ticks
        self._pointer = 0
        self._power_on()

    def write(self, data: bytes) -> None:
        """Register number, value, register number, value ...: writes do not count up (section 6.2.1)."""
        if data:
            self._pointer = data[0]
        for i in range(1, len(data), 2):
            self._set(data[i - 1], data[i])

    def read(self, count: int) -> bytes:
        """`count` bytes from the selected register on: reads count up (section 6.2.2)."""
        self._finish()
        start = self._pointer
        return bytes([self._registers[(start + i) & 0xFF] for i in range(count)])

    def _power_on(self) -> None:
        self._duration_ms: "int | None" = None
        registers = bytearray(256)
        registers[0xD0] = 0x60
        struct.pack_into("<HhhHhhhhhhhh", registers, 0x88, T1, T2, T3, P1, P2, P3, P4, P5, P6, P7, P8, P9)
        registers[0xA1] = H1
        struct.pack_into("<hBbBbb", registers, 0xE1, H2, H3, H4 >> 4, (H4 & 15) | (H5 & 15) << 4, H5 >> 4, H6)
        self._registers = registers
        self._latched_hum = 0
        self._show(_SKIPPED)

    def _set(self, register: int, value: int) -> None:
        self._finish()
        if register == 0xE0 and value == 0xB6:
            self._power_on()
        elif register in (0xF2, 0xF5):
            self._registers[register] = value
        elif register == 0xF4:
            self._registers[0xF4] = value
            self._latched_hum = self._registers[0xF2] & 7  # section 5.4.3: ctrl_hum takes effect here
            if value & 3:
                self._start()

    def _start(self) -> None:
        """Begin a measurement: sample the truth, be busy for the longest time section 9.1 allows."""
        h, t, p = (_oversampling(x) for x in self._settings())
        microseconds = 1250 + 2300 * (t + p + h) + 575 * ((p > 0) + (h > 0))
        truth = self._source()
        self._words = adc_words(truth, (t, p, h))
        self._start_ticks, self._duration_ms = self._ticks(), (microseconds + 999) // 1000
        self._registers[0xF3] = 0x08

    def _finish(self) -> None:
        if self._duration_ms is not None and ticks_diff(self._ticks(), self._start_ticks) >= self._duration_ms:
            self._duration_ms = None
            self._registers[0xF3] = 0
            self._registers[0xF4] &= 0xFC
            self._show(self._words)

    def _settings(self) -> tuple[int, int, int]:
        meas = self._registers[0xF4]
        return self._latched_hum, meas >> 5, meas >> 2 & 7

    def _show(self, words: tuple[int, int, int]) -> None:
        t, p, h = words
        self._registers[0xF7:0xFF] = bytes(
            (p >> 12, p >> 4 & 255, p << 4 & 255, t >> 12, t >> 4 & 255, t << 4 & 255, h >> 8, h & 255)
        )


def adc_words(truth: "Sequence[int]", oversampling: tuple[int, int, int]) -> tuple[int, int, int]:
    """(temperature, pressure, humidity) ADC words for the `truth`, as fine as the oversampling (0 skips)
    resolves.

    Without the filter a word has 16 bits, one more for each doubling (sections 3.4.2, 3.4.3); humidity always
    16.
    """
    centi_celsius, pascal, milli_percent = truth
    t, p, h = oversampling
    raw_t = _search(lambda adc: celsius(adc) * 100, centi_celsius, 1 << 20)
    fine = celsius(raw_t) * 5120
    raw_p = (1 << 20) - _search(lambda adc: pascals((1 << 20) - adc, fine), pascal, 1 << 20)
    raw_h = _search(lambda adc: percent(adc, fine) * 1000, milli_percent, 1 << 16)
    return (
        _coarse(raw_t, t) if t else _SKIPPED[0],
        _coarse(raw_p, p) if p else _SKIPPED[1],
        raw_h if h else _SKIPPED[2],
    )


def celsius(adc: int) -> float:
    """Section 4.2.3 in floating point: temperature in Cel. 1/5120 Cel is the sheet's t_fine."""
    x = adc / 131072 - T1 / 8192
    return ((adc / 16384 - T1 / 1024) * T2 + x * x * T3) / 5120


def pascals(adc: int, fine: float) -> float:
    """Section 4.2.3 in floating point: pressure in Pa."""
    x = fine / 2 - 64000
    offset = (x * x * P6 / 32768 + x * P5 * 2) / 4 + P4 * 65536
    scale = (1 + (P3 * x * x / 524288 + P2 * x) / 524288 / 32768) * P1
    p = (1048576 - adc - offset / 4096) * 6250 / scale
    return p + (P9 * p * p / 2147483648 + p * P8 / 32768 + P7) / 16


def percent(adc: int, fine: float) -> float:
    """Section 4.2.3 in floating point: relative humidity in %, not yet limited to 0..100."""
    x = fine - 76800
    y = (adc - (H4 * 64 + H5 / 16384 * x)) * (H2 / 65536 * (1 + H6 / 67108864 * x * (1 + H3 / 67108864 * x)))
    return y * (1 - H1 * y / 524288)


def _search(value_of: "Callable[[int], float]", target: int, end: int) -> int:
    """The word below `end` whose value is nearest to `target`; `value_of` rises with the word."""
    low, high = 0, end - 1
    while low < high:
        middle = (low + high) // 2
        if value_of(middle) < target:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low and target - value_of(low - 1) < value_of(low) - target else low


def _oversampling(setting: int) -> int:
    """Times a value is sampled for a 3-bit osrs setting: 0, 1, 2, 4, 8, 16, 16, 16."""
    return min(1 << setting >> 1, 16)


def _coarse(word: int, times: int) -> int:
    """`word` rounded to the resolution of `times` oversampling."""
    lost = 4
    while times > 1:
        times >>= 1
        lost -= 1
    step = 1 << lost
    return min((word + step // 2) // step * step, 0xFFFFF)
