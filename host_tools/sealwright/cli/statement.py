"""`sealwright statement`: a device's month in the ledger, from what it had to what it has."""

import re
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ..bookkeeping import open_ledger
from ..errors import Usage
from ..files import write_output
from ..ledger import Statement
from .commands import ledger_command
from .options import DeviceOption
from .session import Session
from .statement_forms import COLUMNS, as_csv, as_html, as_json, rows
from .words import named, number

_MONTH: Final = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


class Form(StrEnum):
    """How a statement is written."""

    TEXT = "text"
    CSV = "csv"
    HTML = "html"


@ledger_command(
    "statement",
    "A device's month in the ledger.",
    """
    sealwright statement solar --month 2026-11
    sealwright statement solar --month 2026-11 --format csv --out solar-2026-11.csv
    sealwright statement solar --format html --out solar.html
    sealwright statement solar --month 2026-11 --json
    """,
)
def statement(
    session: Session,
    device: DeviceOption,
    *,
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="Which month, UTC's [default: this one].")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="text; csv, with a header; html, a page.")] = Form.TEXT,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to [default: stdout].", show_default=False)
    ] = None,
) -> None:
    """Show what a device had, what moved day by day and with whom, and what it has at the end of the month.

    Available is what it may withdraw or lock. In channels is what it has locked to pay from: a payment goes from there,
    and what is not paid comes back as a refund. The sums are checked against the ledger; one that does not add up is an
    error. `ledger export` has every single entry.
    """
    if session.as_json and form is not Form.TEXT and out is None:
        raise Usage("--json and --format want different things on stdout", remedy="Leave out one, or give --out.")
    name, start, end = _bounds(month)
    identifier = session.home.identify(device, retired=True)
    with open_ledger(session.home) as ledger, session.progress("adding up"):
        found = ledger.statements(identifier, start, end)
    title = f"{named(identifier, session.names())}, {name}"
    if out is not None:
        write_output(out, _text(session, form, title, identifier, found).encode())
        lines = sum(len(one.lines) for one in found)
        session.emit(ok=True, out=str(out), lines=lines)
        session.say(f"{number(lines, 'line')} in {out}")
    elif session.as_json:
        for one in found:
            session.emit(**as_json(one, session.names()))
    elif form is Form.TEXT:
        _show(session, title, found)
    else:
        sys.stdout.write(_text(session, form, title, identifier, found))


def _bounds(month: str | None) -> tuple[str, int, int]:
    """The month's name, and its first second and the one after its last, UTC. Raises Usage."""
    name = datetime.now(UTC).strftime("%Y-%m") if month is None else month
    match = _MONTH.fullmatch(name)
    if match is None or not 1970 <= int(match[1]) < 9999:
        raise Usage(f"{name!r} is no month", remedy="Give one such as 2026-11.")
    year, at = int(match[1]), int(match[2])
    first, after = datetime(year, at, 1, tzinfo=UTC), datetime(year + at // 12, at % 12 + 1, 1, tzinfo=UTC)
    return name, int(first.timestamp()), int(after.timestamp())


def _show(session: Session, title: str, found: list[Statement]) -> None:
    for one in found:
        session.table(COLUMNS, rows(one, session.assets, session.names()), title)
    if not found:
        session.say(f"{title}: nothing.")


def _text(session: Session, form: Form, title: str, device: bytes, found: list[Statement]) -> str:
    assets, names = session.assets, session.names()
    if form is Form.HTML:
        return as_html(title, device, found, assets, names)
    if form is Form.CSV:
        return as_csv(found, assets, names)
    lines = (line for one in found for line in ("\t".join(cells) for cells in rows(one, assets, names)))
    return "".join(f"{line}\n" for line in (title, *lines))
