"""`sealwright readings`: what devices measured, from bundles that were checked; what else it does is beside this.

Limit: a spreadsheet takes text that begins with = + - or @ for a formula. Names of quantities and texts are what a
device signed, and the CSV has them as they are.
"""

import csv
import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final, TextIO

import typer

from ..errors import Usage
from ..files import output
from ..readings import Question, ReadingStore, Row
from ..readings.parquet import write_parquet
from .commands import Group, command
from .naming import complete
from .options import STDIN
from .readings_asked import (
    QuantityOption,
    SinceOption,
    UntilOption,
    iso,
    no_rows,
    question,
    row_cells,
    row_json,
    said,
    store_of,
)
from .readings_import import import_readings
from .readings_plot import plot
from .readings_sum import sum_readings
from .session import Session
from .words import json_value, plain

_COLUMNS: Final = ("device", "time", "number>", "quantity", "value>", "unit", "row", "mark")
_CSV: Final = (
    *("device", "name", "number", "time", "clock", "quantity", "unit", "value", "digest", "proof", "doubtful", "test"),
)


class Form(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


DeviceFilter = Annotated[  # no argument too, which could be the name of a command below this one
    list[str] | None,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help="Its name, the beginning of its id, its did:key or URL. May be repeated.",
        autocompletion=complete,
    ),
]
LastOption = Annotated[
    int | None, typer.Option("--last", metavar="N", min=1, max=10**9, help="The newest N of each quantity alone.")
]
FormOption = Annotated[
    Form | None, typer.Option("--format", help="table; csv, with a header; json: one object a line; parquet.")
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Where to; - is standard output, the default.", show_default=False),
]


@command(
    "readings",
    "What devices measured, from bundles that were checked.",
    """
    sealwright readings import day.bundle
    sealwright readings --device roof --since 24h
    sealwright readings --device roof --quantity "*temperature" --last 10
    sealwright readings --since 2026-03-18 --format csv --out march.csv
    sealwright readings --format parquet --out all.parquet
    sealwright readings plot roof --since 24h
    sealwright readings --json
    """,
)
def readings(
    session: Session,
    *,
    device: DeviceFilter = None,
    quantity: QuantityOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    last: LastOption = None,
    form: FormOption = None,
    out: OutOption = None,
) -> None:
    """Show what devices measured, a row for each value: device by device, by time.

    `readings import` brings readings in. The column `row` has how the digest of a value's reading begins: `sealwright
    prove` takes it. A row is marked where its device's clock was not set, where the device contradicts itself in
    that reading or an earlier one, and with `test` where it came under a root for emulated boards (--allow-test).
    """
    form = form or (Form.JSON if session.as_json else Form.CSV if out is not None else Form.TABLE)
    if out == Path(STDIN):  # standard output, as elsewhere
        out = None
    _check(session, form, out)
    names = session.names()
    with store_of(session) as store:
        asked = question(session, store, device or (), quantity=quantity, since=since, until=until)._replace(last=last)
        if out is not None:
            count = _into(out, store, asked, names, form)
        elif form is Form.CSV or (form is Form.JSON and not session.as_json):
            count = _write(sys.stdout, store.rows(asked), names, form)
        else:
            cells, values = partial(row_cells, names=names), partial(row_json, names=names)
            count = session.listing(_COLUMNS, store.rows(asked), cells, values)
        if not count:
            no_rows(session, asked, store)
    if out is not None:
        session.emit(ok=True, rows=count, out=str(out))
        session.say(f"{count} rows in {out}")


def _check(session: Session, form: Form, out: Path | None) -> None:
    """Raise Usage for a form that cannot go there."""
    if out is None and form is Form.PARQUET:
        raise Usage("a Parquet file is no text for standard output", remedy="Give --out FILE.")
    if out is not None and form is Form.TABLE:
        raise Usage("a table is for people", remedy="Give --format csv or json, or leave out --out.")
    if session.as_json and out is None and form is not Form.JSON:
        raise Usage(f"--json and --format {form} want different things", remedy="Leave out one, or give --out.")


def _into(out: Path, store: ReadingStore, asked: Question, names: dict[bytes, str], form: Form) -> int:
    """Write rows into a file, whole or not at all; how many."""
    with output(out) as file:
        if form is Form.PARQUET:
            return write_parquet(file, store.stretches(asked), names)
        text = TextIOWrapper(file, "utf-8", newline="")
        count = _write(text, store.rows(asked), names, form)
        text.detach()
    return count


def _write(file: TextIO, rows: Iterable[Row], names: dict[bytes, str], form: Form) -> int:
    """Write rows in a form for programs; how many."""
    if form is Form.JSON:
        return sum(file.write(json.dumps(json_value(row_json(row, names))) + "\n") > 0 for row in rows)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_CSV)
    shown = plain if file.isatty() else str  # what a device signed is no command to a terminal
    return sum(writer.writerow([shown(str(cell)) for cell in _record(row, names)]) > 0 for row in rows)


def _record(row: Row, names: dict[bytes, str]) -> tuple[object, ...]:
    of = row.series
    proof = "chained" if row.chained else "signed"
    start = (of.device.hex(), names.get(of.device, ""), row.seq, iso(row.at), row.clock, of.name, of.unit)
    return *start, said(row.value), row.digest.hex(), proof, int(row.doubtful), int(of.test)


GROUP: Final = Group("readings", readings, (import_readings, sum_readings, plot))
