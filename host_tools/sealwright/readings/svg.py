"""Plots of series as SVG 1.1: text and lines, no script, nothing fetched from elsewhere."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from .drawing import Panel
from .picture import GRID, INK, LINE, Line, Rule, Text, parts, size

# what XML 1.0 has no place for, escaped or not
_LEGAL: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�")
_STYLE: Final = (
    f"text{{font-family:sans-serif;fill:{INK}}}.g{{stroke:{GRID}}}"
    f".l{{fill:none;stroke:{LINE};stroke-width:1.5;stroke-linejoin:round}}.d{{fill:{LINE}}}"
)


def svg(panels: Sequence[Panel]) -> str:
    """The panels, one below the other."""
    width, height = size(panels)
    frame = f'width="{width}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {frame} viewBox="0 0 {width} {height}"><style>{_STYLE}</style>'
    return "\n".join((head, f'<rect {frame} fill="#fff"/>', *map(_element, parts(panels)), "</svg>", ""))


def _element(part: Text | Rule | Line) -> str:
    match part:
        case Text((x, y), text, anchor, tall):
            where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{tall}"'
            return f"<text {where}>{escape(text.translate(_LEGAL))}</text>"
        case Rule((x, y), (to_x, to_y)):
            return f'<path class="g" d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"/>'
        case Line([(x, y)]):
            return f'<circle class="d" cx="{x:.1f}" cy="{y:.1f}" r="2"/>'
        case Line(places):
            return f'<polyline class="l" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'
