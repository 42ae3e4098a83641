"""Plots of series: what is drawn, and drawing it in a terminal with dots.

Purpose: a picture of values over time without a plotting library: matplotlib takes 30 MB and half a second to import,
plotext 0.2 s, as much as a plot may take here in all. Of many points in one column the least and the greatest are
drawn, so no peak is lost. A line is broken where readings are missing.
Limits: a terminal shows two dots in a column and four in a line (Braille patterns, Unicode 2800 to 28FF).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor, log10
from typing import Final, NamedTuple

from .rows import MICRO

Point = tuple[int, float]  # microseconds from 1970, and the value
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)  # seconds
_DAY: Final = 86400
_LARGEST: Final = 1e300  # values beyond it are drawn there, so that no difference is beyond a float
_MISSING: Final = 5  # times the usual time between two points
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by line and column within a character
_BLANK: Final = 0x2800


class Panel(NamedTuple):
    """One series to draw. points: by time, at least one, all finite."""

    title: str
    unit: str
    points: Sequence[Point]


class Scale(NamedTuple):
    """From values to 0.0 to 1.0, and what to write where: (place, text)."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: float) -> float:
        """Where a value is, from 0.0 to 1.0; what is beyond is at an end."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def value_scale(points: Iterable[Point], most: int) -> Scale:
    """The scale of values, with at most about so many ticks at round numbers."""
    values = [value for _, value in points]
    low, high = max(min(values), -_LARGEST), min(max(values), _LARGEST)
    if not high - low > max(abs(high) * 1e-12, 1 / _LARGEST):  # one value alone, as near as a float tells
        around = max(abs(low) * 0.1, 1 / _LARGEST) if low else 1.0
        low, high = low - around, high + around
    rough = (high - low) / max(1, most)
    power = 10.0 ** floor(log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough * 0.999)
    places = max(0, -floor(log10(step) + 1e-9))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    ticks = tuple((at * step, _text(at * step, places)) for at in range(first, last + 1))
    return Scale(low, high, ticks)


def _text(value: float, places: int) -> str:
    return f"{value:.{places}f}" if places < 7 and abs(value) < 1e9 else f"{value:.3g}"


def time_scale(points: Sequence[Point], most: int) -> Scale:
    """The scale of times in microseconds, with at most so many ticks at round times, UTC."""
    low, high = points[0][0], points[-1][0]
    if low == high:
        low, high = low - MICRO, high + MICRO
    rough = (high - low) / MICRO / max(1, most)
    step = next((one for one in _STEPS if one >= rough), ceil(rough / _DAY) * _DAY)
    first = -(-low // (step * MICRO)) * step
    seconds = range(first, high // MICRO + 1, step)
    return Scale(float(low), float(high), tuple((at * float(MICRO), _clock(at, step)) for at in seconds))


def _clock(unix: int, step: int) -> str:
    try:
        return datetime.fromtimestamp(unix, UTC).strftime(
            "%m-%d" if step >= _DAY else "%H:%M" if step >= 60 else "%H:%M:%S"
        )
    except (ValueError, OverflowError, OSError):
        return str(unix)


def lines_of(points: Sequence[Point], columns: int) -> Iterator[list[Point]]:
    """The points as lines, broken where readings are missing, with at most four points in each of so many columns."""
    if len(points) < 3:
        yield list(points)
        return
    gaps = sorted(after[0] - before[0] for before, after in pairwise(points))
    longest = max(gaps[len(gaps) // 2] * _MISSING, (points[-1][0] - points[0][0]) // columns)
    line: list[Point] = []
    for point in points:
        if line and point[0] - line[-1][0] > longest:
            yield _thinned(line, columns)
            line = []
        line.append(point)
    yield _thinned(line, columns)


def _thinned(line: list[Point], columns: int) -> list[Point]:
    if len(line) <= 4 * columns:
        return line
    size = len(line) / columns
    kept: list[Point] = []
    for n in range(columns):
        part = line[int(n * size) : int((n + 1) * size)]
        ends = {part[0], min(part, key=_value), max(part, key=_value), part[-1]}
        kept += sorted(ends)
    return kept


def _value(point: Point) -> float:
    return point[1]


def in_terminal(panel: Panel, width: int, height: int, *, dots: bool = True) -> Iterator[str]:
    """The panel as lines of text, as wide as `width`; height: lines of the picture. dots: False draws in ASCII."""
    values, times = value_scale(panel.points, height // 3), time_scale(panel.points, max(1, width // 16))
    labels = {round((1 - values.place(value)) * (height - 1)): text for value, text in values.ticks}
    margin = max(map(len, labels.values()), default=0)
    columns = max(2, width - margin - 2)
    picture = _picture(panel.points, (times, values), (columns, height), dots)
    yield f"{panel.title}  ({panel.unit})" if panel.unit else panel.title
    for n, line in enumerate(picture):
        yield f"{labels.get(n, ''):>{margin}} {'|' if not dots else '┤' if n in labels else '│'}{line}".rstrip()
    yield _axis(times, columns, margin + 2)


def _picture(points: Sequence[Point], scales: tuple[Scale, Scale], size: tuple[int, int], dots: bool) -> list[str]:
    wide, tall = (2, 4) if dots else (1, 1)
    columns, height = size
    cells = [[0] * columns for _ in range(height)]
    across, down = columns * wide - 1, height * tall - 1
    for line in lines_of(points, columns * wide):
        places = [(round(scales[0].place(at) * across), round((1 - scales[1].place(v)) * down)) for at, v in line]
        for x, y in _between(places):
            cells[y // tall][x // wide] |= _DOTS[y % tall][x % wide]
    if dots:
        return ["".join(chr(_BLANK + cell) if cell else " " for cell in row) for row in cells]
    return ["".join("*" if cell else " " for cell in row) for row in cells]


def _between(places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Every dot of the line through these places."""
    yield places[0]
    for (x, y), (to_x, to_y) in pairwise(places):
        steps = max(abs(to_x - x), abs(to_y - y))
        for n in range(1, steps + 1):
            yield x + round((to_x - x) * n / steps), y + round((to_y - y) * n / steps)


def _axis(times: Scale, columns: int, margin: int) -> str:
    text = [" "] * (columns + margin)
    free = 0
    for at, label in times.ticks:
        start = margin + round(times.place(at) * (columns - 1)) - len(label) // 2
        if start >= max(free, 0) and start + len(label) <= len(text):
            text[start : start + len(label)] = label
            free = start + len(label) + 2
    return "".join(text).rstrip()
