"""Plots of series as PNG, with the extra `png`: Pillow, which has the letters, too.

Limits: letters are those of Pillow's own font; what it does not have is a box.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from ..extras import load
from .drawing import Panel
from .picture import GRID, INK, LINE, Line, Rule, Text, parts, size

_SCALE: Final = 2  # pixels of the picture for one of its measures: screens are that fine today
_ANCHORS: Final = {"start": "ls", "middle": "ms", "end": "rs"}


def png(panels: Sequence[Panel]) -> bytes:
    """The panels, one below the other. Raises Usage without Pillow."""
    image, draws, fonts = (
        load("pillow", "png", f"PIL.{module}", "PNG files need", "no_pillow")
        for module in ("Image", "ImageDraw", "ImageFont")
    )
    width, height = size(panels)
    made = image.new("RGB", (width * _SCALE, height * _SCALE), "#fff")
    pen = draws.Draw(made)
    letters = {tall: fonts.load_default(tall * _SCALE) for tall in (12, 14)}
    for part in parts(panels):
        match part:
            case Text((x, y), text, anchor, tall):
                where = (x * _SCALE, y * _SCALE)
                pen.text(where, text, fill=INK, font=letters[tall], anchor=_ANCHORS[anchor])
            case Rule(start, end):
                pen.line([tuple(one * _SCALE for one in place) for place in (start, end)], fill=GRID, width=_SCALE)
            case Line([(x, y)]):
                pen.circle((x * _SCALE, y * _SCALE), 2 * _SCALE, fill=LINE)
            case Line(places):
                scaled = [(x * _SCALE, y * _SCALE) for x, y in places]
                pen.line(scaled, fill=LINE, width=_SCALE + 1, joint="curve")
    out = BytesIO()
    made.save(out, "PNG")
    return out.getvalue()
