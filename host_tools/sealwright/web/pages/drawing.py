"""Pictures as SVG within a page: colours come from the style sheet, so that they are light and dark as the page is."""

from collections.abc import Sequence
from math import cos, hypot, pi, sin
from typing import Final

from markupsafe import Markup

from ...readings.drawing import Panel
from ...readings.picture import Line, Rule, Text, parts, size
from ..views.money import Flow
from ..views.words import named, plain

MOST_NODES: Final = 16
MOST_FLOWS: Final = 40
_WIDE, _NODE = 720, 9


def picture(panels: Sequence[Panel]) -> Markup | None:
    """Plots of series, one below the other; None where there is nothing to draw."""
    if not panels:
        return None
    width, height = size(panels)
    titles = ", ".join(panel.title for panel in panels)
    return _svg(width, height, f"Plots of {titles}", Markup("").join(map(_part, parts(panels))), "plot")


def _svg(width: int, height: int, label: str, inner: Markup, kind: str) -> Markup:
    head = '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg">'
    return Markup(head).format(kind, width, height, label) + inner + Markup("</svg>")


def _part(part: Text | Rule | Line) -> Markup:
    match part:
        case Text((x, y), text, anchor, tall):
            shape = '<text x="{:.1f}" y="{:.1f}" text-anchor="{}" font-size="{}">{}</text>'
            return Markup(shape).format(x, y, anchor, tall, plain(text))
        case Rule((x, y), (to_x, to_y)):
            return Markup('<path class="grid" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>').format(x, y, to_x, to_y)
        case Line([(x, y)]):
            return Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="2"/>').format(x, y)
        case Line(places):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            return Markup('<polyline class="line" points="{}"/>').format(points)


def graph(flows: Sequence[Flow], names: dict[bytes, str]) -> Markup | None:
    """Who paid whom: devices on a ring, an arrow for each flow, the thicker the larger its share of its asset; None
    where nothing flowed. Of many the largest are drawn; the table beside it has them all."""
    shown: list[Flow] = []
    nodes: list[bytes] = []
    for flow in flows:
        new = [one for one in (flow.payer, flow.payee) if one not in nodes]
        if flow.amount and len(nodes) + len(new) <= MOST_NODES and len(shown) < MOST_FLOWS:
            nodes += new
            shown.append(flow)
    if not shown:
        return None
    turn, tall = 2 * pi / len(nodes), 160 if len(nodes) < 3 else 320 if len(nodes) < 7 else 480
    ring = (_WIDE / 2 - 190, tall / 2 - 50)
    at = {
        node: (_WIDE / 2 + ring[0] * cos(n * turn + pi), tall / 2 + ring[1] * sin(n * turn + pi))
        for n, node in enumerate(nodes)
    }
    most: dict[str, int] = {}
    for flow in shown:
        most[flow.asset] = max(most.get(flow.asset, 1), flow.amount)
    arrows = Markup("").join(_arrow(flow, at, most[flow.asset], names) for flow in shown)
    dots = Markup("").join(_node(node, at[node], tall, names) for node in nodes)
    return _svg(_WIDE, tall, "Who paid whom; the table has the amounts", _HEAD + arrows + dots, "graph")


_HEAD: Final = Markup(
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="16" markerHeight="16" orient="auto" '
    'markerUnits="userSpaceOnUse"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>'
)


def _arrow(flow: Flow, at: dict[bytes, tuple[float, float]], most: int, names: dict[bytes, str]) -> Markup:
    (x, y), (to_x, to_y) = at[flow.payer], at[flow.payee]
    # bent to its left, so that two ways between the same two are two lines
    bend_x, bend_y = (x + to_x) / 2 + (to_y - y) * 0.12, (y + to_y) / 2 - (to_x - x) * 0.12
    start_x, start_y = _towards((x, y), (bend_x, bend_y))
    end_x, end_y = _towards((to_x, to_y), (bend_x, bend_y))
    path = f"M{start_x:.1f} {start_y:.1f}Q{bend_x:.1f} {bend_y:.1f} {end_x:.1f} {end_y:.1f}"
    wide = 1 + round(5 * flow.amount / most)
    title = f"{named(flow.payer, names)} paid {named(flow.payee, names)} {flow.shown}"
    shape = '<path class="flow" d="{}" stroke-width="{}" marker-end="url(#tip)"><title>{}</title></path>'
    return Markup(shape).format(path, wide, title)


def _towards(place: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Where a line from the middle of a node leaves it."""
    across, down = other[0] - place[0], other[1] - place[1]
    part = (_NODE + 4) / max(1.0, hypot(across, down))
    return place[0] + across * part, place[1] + down * part


def _node(node: bytes, place: tuple[float, float], tall: int, names: dict[bytes, str]) -> Markup:
    """A device, and its name on the side away from the ring's middle."""
    x, y = place
    across, down = (x - _WIDE / 2) / (_WIDE / 2 - 190), (y - tall / 2) / (tall / 2 - 50)
    anchor = "middle" if abs(across) < 0.3 else "end" if across < 0 else "start"
    text_x, text_y = x + across * (_NODE + 8), y + 5 + down * (_NODE + 10)
    shape = (
        '<circle class="node" cx="{:.1f}" cy="{:.1f}" r="{}"/><text x="{:.1f}" y="{:.1f}" text-anchor="{}" '
        'font-size="15">{}</text>'
    )
    return Markup(shape).format(x, y, _NODE, text_x, text_y, anchor, named(node, names)[:18])
