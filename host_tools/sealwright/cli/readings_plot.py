"""`sealwright readings plot`: a device's values over time, in the terminal or as a file."""

import shutil
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import Usage
from ..files import write_output
from ..readings import Question, ReadingStore
from ..readings.drawing import Panel, in_terminal
from ..readings.png import png
from ..readings.rows import MICRO, Points
from ..readings.svg import svg
from ..wire.times import utc
from .commands import command
from .options import DeviceOption
from .readings_asked import QuantityOption, SinceOption, UntilOption, no_rows, question, store_of
from .session import Session
from .words import named, number, plain

_MOST: Final = 64  # quantities in one picture
_HEIGHT: Final = 12  # lines of a panel in the terminal


OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Write a picture, .svg or .png [default: the terminal].", show_default=False
    ),
]
WidthOption = Annotated[
    int | None, typer.Option("--width", metavar="N", min=20, max=1000, help="Columns in the terminal [default: all].")
]
HeightOption = Annotated[int, typer.Option("--height", metavar="N", min=3, max=200, help="Lines of each plot.")]


@command(
    "plot",
    "Draw a device's values over time.",
    """
    sealwright readings plot roof
    sealwright readings plot roof --quantity "*temperature" --since 24h
    sealwright readings plot roof --since 2026-03-18 --until 2026-03-19 --out roof.svg
    """,
)
def plot(
    session: Session,
    *,
    device: DeviceOption,
    quantity: QuantityOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    out: OutOption = None,
    width: WidthOption = None,
    height: HeightOption = _HEIGHT,
) -> int:
    """Draw the values of a device over time, UTC, one plot for each quantity.

    Where more values than columns come, the least and the greatest of each column are drawn. A line is broken where
    readings are missing. Values at times that no clock had set are left out, unless there are no others. Notes say what
    was left out, and how many values contradict others. Exits 1 where there is nothing to draw.
    """
    kind = "" if out is None else out.suffix.lower()
    if kind not in ("", ".svg", ".png") or (out is not None and not kind):
        remedy = "Name a file that ends with .svg or .png."
        raise Usage(f"{out} is no name of a picture that can be drawn", remedy=remedy)
    with store_of(session) as store:
        asked = question(session, store, [device], quantity=quantity, since=since, until=until)
        panels = _panels(session, store, asked)
        if not panels:
            no_rows(session, asked, store)
    size = sum(len(panel.points) for panel in panels)
    if out is not None and panels:
        write_output(out, png(panels) if kind == ".png" else svg(panels).encode())
        session.say(f"{number(size, 'value')} in {out}")
    elif not session.as_json:
        _draw(session, panels, width or shutil.get_terminal_size().columns, height)
    session.emit(ok=bool(panels), plots=len(panels), values=size, out=None if out is None else str(out))
    return 0 if panels else 1


def _panels(session: Session, store: ReadingStore, asked: Question) -> list[Panel]:
    names, panels, found = session.names(), [], []
    series = store.series(asked)
    if len(series) > _MOST:
        remedy = "Name some with --quantity."
        raise Usage(f"{len(series)} quantities are more than a picture can have", remedy=remedy)
    for one in series:
        found.append(store.points(one, asked))
        points = found[-1].drawn
        if points:
            span = f"{utc(points[0][0] // MICRO)} to {utc(points[-1][0] // MICRO)}"
            title = f"{named(one.device, names)}  {one.name}  {span}"
            panels.append(Panel(plain(title), plain(one.unit), points))
    _note(session, found, test=any(one.test for one in series))
    return panels


def _note(session: Session, found: list[Points], *, test: bool) -> None:
    """Say what a picture does not have, and what is odd about what it has."""
    beyond, doubtful = sum(one.beyond for one in found), sum(one.doubtful for one in found)
    if unset := sum(one.unset for one in found):
        session.note(f"{number(unset, 'value')} at times that no clock had set: left out.")
    if beyond:
        session.note(f"{number(beyond, 'value')} beyond what can be drawn: left out. `sealwright readings` has them.")
    if test:
        session.note("Its readings came under a root for emulated boards: nobody may have measured them.")
    if doubtful:
        session.note(f"{number(doubtful, 'value')} of a device that contradicts itself: drawn like the others.")


def _draw(session: Session, panels: list[Panel], width: int, height: int) -> None:
    dots = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    for n, panel in enumerate(panels):
        if n:
            session.say()
        for line in in_terminal(panel, width, height, dots=dots):
            session.say(line)
