"""What a picture of series consists of, in pixels: `svg` and `png` write it down."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from .drawing import Panel, lines_of, time_scale, value_scale

WIDTH: Final = 960
HEIGHT: Final = 260  # of each panel
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 34, 30  # what is free around a panel
INK, LINE, GRID = "#333", "#0a5", "#ddd"
Place: TypeAlias = tuple[float, float]  # to the right, and down


class Text(NamedTuple):
    """A text whose base line begins, has its middle, or ends at a place: anchor start, middle or end."""

    at: Place
    text: str
    anchor: str
    size: int = 12


class Rule(NamedTuple):
    """A line of the grid."""

    start: Place
    end: Place


class Line(NamedTuple):
    """A line of values; of one place alone, a dot."""

    places: Sequence[Place]


def size(panels: Sequence[Panel]) -> tuple[int, int]:
    """The width and height of a picture of panels, one below the other."""
    return WIDTH, HEIGHT * len(panels)


def parts(panels: Sequence[Panel]) -> Iterator[Text | Rule | Line]:
    """All there is in it, in the order in which it is drawn."""
    for n, panel in enumerate(panels):
        yield from _panel(panel, n * HEIGHT)


def _panel(panel: Panel, top: int) -> Iterator[Text | Rule | Line]:
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    values, times = value_scale(panel.points, 5), time_scale(panel.points, 8)

    def place(at: float, value: float) -> Place:
        return LEFT + times.place(at) * wide, top + TOP + (1 - values.place(value)) * tall

    yield Text((LEFT, top + 20), f"{panel.title} ({panel.unit})" if panel.unit else panel.title, "start", 14)
    for value, text in values.ticks:
        _, y = place(times.low, value)
        yield Rule((LEFT, y), (LEFT + wide, y))
        yield Text((LEFT - 8, y + 4), text, "end")
    for at, text in times.ticks:
        x, _ = place(at, values.low)
        yield Rule((x, top + TOP), (x, top + TOP + tall))
        yield Text((x, top + HEIGHT - 10), text, "middle")
    for line in lines_of(panel.points, wide):
        yield Line([place(at, value) for at, value in line])
