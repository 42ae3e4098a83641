"""Plots of series as SVG 1.1: text and lines, no script, nothing fetched from elsewhere."""

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape

from .drawing import Panel, lines_of, time_scale, value_scale

WIDTH: Final = 960
HEIGHT: Final = 260  # of each panel
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 34, 30  # what is free around a picture
_LEGAL: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�")
_STYLE: Final = "text{font:12px sans-serif;fill:#333}.h{font-size:14px}.g{stroke:#ddd}.l{fill:none;stroke:#0a5;"
_MORE: Final = "stroke-width:1.5;stroke-linejoin:round}.d{fill:#0a5}"


def svg(panels: Sequence[Panel]) -> str:
    """The panels, one below the other."""
    size = f'width="{WIDTH}" height="{HEIGHT * len(panels)}"'
    box = f'viewBox="0 0 {WIDTH} {HEIGHT * len(panels)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}><style>{_STYLE}{_MORE}</style>'
    white = f'<rect width="{WIDTH}" height="{HEIGHT * len(panels)}" fill="#fff"/>'
    parts = (part for n, panel in enumerate(panels) for part in _panel(panel, n * HEIGHT))
    return "\n".join((head, white, *parts, "</svg>", ""))


def _panel(panel: Panel, top: int) -> Iterator[str]:
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    values, times = value_scale(panel.points, 5), time_scale(panel.points, 8)
    unit = f" ({panel.unit})" if panel.unit else ""
    yield f'<text class="h" x="{LEFT}" y="{top + 20}">{_plain(panel.title + unit)}</text>'
    for value, text in values.ticks:
        y = top + TOP + (1 - values.place(value)) * tall
        yield f'<path class="g" d="M{LEFT} {y:.1f}h{wide}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_plain(text)}</text>'
    for at, text in times.ticks:
        x = LEFT + times.place(at) * wide
        yield f'<path class="g" d="M{x:.1f} {top + TOP}v{tall}"/>'
        yield f'<text x="{x:.1f}" y="{top + HEIGHT - 10}" text-anchor="middle">{_plain(text)}</text>'
    for line in lines_of(panel.points, wide):
        places = [(LEFT + times.place(at) * wide, top + TOP + (1 - values.place(value)) * tall) for at, value in line]
        if len(places) == 1:
            yield f'<circle class="d" cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="2"/>'
        else:
            yield f'<polyline class="l" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'


def _plain(text: str) -> str:
    return escape(text.translate(_LEGAL))
