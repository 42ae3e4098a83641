"""Replay a series file, a recorded measurement, by the board's clock.

File: one line of JSON, then fixed-size records, little-endian: seconds since the first record (u32), one i32
for each column. The line holds `format`, `version`, `sensor`, `columns` (names), `exponents` (value = integer
* 10**exponent), `rows`, `seconds` (length of one round), `speed` (seconds of the series a real second) and
`start` (second of the series at switch-on). `sealwright.emulator.series` on the host writes it from a CSV file.

Between two records values are interpolated linearly, in integers. After the last record the series starts
again; the step between them is as long as the last step of the file. Records are read from the file as they
are needed: memory does not grow with the file.

Limits: call it at least every six days, for the millisecond counter wraps.
"""

import json
import struct

from seal.compat import ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from seal.ports import Ticks

FORMAT, VERSION = "sealwright-series", 1


class Series:
    """The series file at `path`, begun at `ticks` now; `speed` and `start` override those of the file.

    Raises ValueError if the file is no series file or is cut short, OSError if it cannot be opened.
    """

    def __init__(
        self, path: str, ticks: "Callable[[], Ticks]" = ticks_ms, speed: int | None = None, start: int | None = None
    ) -> None:
        try:
            self._file = open(path, "rb")
        except OSError as error:
            raise OSError(error.errno, "%s cannot be read" % path)
        try:
            header = json.loads(self._file.readline())
        except (ValueError, UnicodeError):
            header = None
        if not isinstance(header, dict) or header.get("format") != FORMAT or header.get("version") != VERSION:
            raise ValueError("%s is no series file of version %d; make it from its CSV" % (path, VERSION))
        self.sensor: str = header["sensor"]
        self.columns: list[str] = header["columns"]
        self._rows = header["rows"]
        self._layout = "<I%di" % len(self.columns)
        self._size = struct.calcsize(self._layout)
        self._first = self._file.tell()
        if self._file.seek(0, 2) != self._first + self._rows * self._size:
            raise ValueError("%s is cut short or has bytes too many; make it again" % path)
        self._round_ms = header["seconds"] * 1000
        self._speed = header["speed"] if speed is None else speed
        self._position = (header["start"] if start is None else start) * 1000
        self._ticks = ticks
        self._last_ticks = ticks()
        self._bracket: "tuple[int, int, tuple[int, ...], tuple[int, ...]]" = (0, 0, (), ())

    def __call__(self) -> tuple[int, ...]:
        """The values now, a tuple of integers in the order of `columns`."""
        now = self._ticks()
        self._position += ticks_diff(now, self._last_ticks) * self._speed
        self._last_ticks = now
        at = self._position % self._round_ms
        begin, end, before, after = self._bracket
        if not begin <= at < end:
            begin, end, before, after = self._bracket = self._find(at)
        return tuple([a + (b - a) * (at - begin) // (end - begin) for a, b in zip(before, after)])

    def _find(self, at: int) -> tuple[int, int, tuple[int, ...], tuple[int, ...]]:
        """The records around `at` ms: (begin ms, end ms, values at begin, values at end)."""
        low, high = 0, self._rows - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._record(middle)[0] * 1000 <= at:
                low = middle
            else:
                high = middle - 1
        before = self._record(low)
        if low + 1 < self._rows:
            after = self._record(low + 1)
            return before[0] * 1000, after[0] * 1000, before[1:], after[1:]
        return before[0] * 1000, self._round_ms, before[1:], self._record(0)[1:]

    def _record(self, index: int) -> tuple[int, ...]:
        self._file.seek(self._first + index * self._size)
        return struct.unpack(self._layout, self._file.read(self._size))
