"""What commands on the store of readings have in common: which rows are meant, and how a value and a time are said."""

import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import typer

from ..errors import UnknownDevice, Usage
from ..readings import Question, ReadingStore, Row, Series
from ..readings.rows import MICRO
from ..wire.times import utc
from . import options
from .describe import number
from .session import Session
from .words import named, worth_of_clock

_AGO: Final = re.compile(r"(\d{1,9})([smhd])")
_LEAST: Final = 8  # digits of an id
_WIDEST: Final = 40  # characters of a cell
DIGITS: Final = 12  # of a digest, as tables show it

SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="TIME", help="From then on: unix seconds, ISO 8601, or how long ago, such as 90m, 24h, 7d."
    ),
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before then, said as for --since.")]
QuantityOption = Annotated[
    list[str] | None,
    typer.Option("--quantity", metavar="NAME", help="This quantity; * stands for anything. May be repeated."),
]


def moment(text: str) -> int:
    """Unix seconds from a time, or from how long ago it was. Raises Usage."""
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return int(time.time()) - int(ago[1]) * options.SPANS[ago[2]]
    try:
        return options.moment(text)
    except Usage as error:
        raise Usage(str(error), remedy=f"{error.remedy[:-1]}; or how long ago, such as 90m, 24h, 7d.") from error


def question(
    session: Session,
    store: ReadingStore,
    devices: Iterable[str],
    *,
    quantity: Iterable[str] | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Question:
    """What is asked. Raises Usage for a device that neither the home nor the store knows."""
    return Question(
        frozenset(device_of(session, store, text) for text in devices) or None,
        frozenset(quantity) if quantity else None,
        None if since is None else moment(since),
        None if until is None else moment(until),
    )


def device_of(session: Session, store: ReadingStore, text: str) -> bytes:
    """The id of the device that `text` means: one of the home, or one of the store by its id's first 8 digits or more.

    An auditor's home has no devices. Raises UnknownDevice, AmbiguousDevice.
    """
    try:
        return session.home.identify(text, retired=True)
    except UnknownDevice:
        found = {one.device for one in store.series() if one.device.hex().startswith(text.lower())}
        if len(text) < _LEAST or len(found) != 1:
            raise
        return found.pop()


def store_of(session: Session) -> ReadingStore:
    """The home's store. Raises Usage where there is no home."""
    return ReadingStore(session.home.readings_path)


def said(value: Decimal | str | bytes | bool) -> str:
    """A value as text."""
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.hex() if isinstance(value, bytes) else value


def iso(at: int) -> str:
    """Microseconds from 1970 in ISO 8601; unix seconds where no calendar has it."""
    try:
        found = datetime.fromtimestamp(at // MICRO, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return seconds(at)
    rest = at % MICRO
    return found + (f".{rest:06}".rstrip("0") if rest else "") + "Z"


def seconds(at: int) -> str:
    """Microseconds as decimal seconds."""
    whole, rest = divmod(abs(at), MICRO)
    return ("-" if at < 0 else "") + str(whole) + (f".{rest:06}".rstrip("0") if rest else "")


def row_json(row: Row, names: dict[bytes, str]) -> dict[str, Any]:
    """A row as JSON says it: the fields that `verify --json` has of a measured value, and whose it is."""
    key = {str: "text", bool: "flag", bytes: "data"}.get(type(row.value), "value")
    return {
        "device": row.series.device.hex(),
        "name": names.get(row.series.device),
        "seq": row.seq,
        "time": seconds(row.at),
        "clock": row.clock,
        "quantity": row.series.name,
        "unit": row.series.unit or None,
        key: row.value if isinstance(row.value, bool) else said(row.value),
        "digest": row.digest.hex(),
        "proof": "chained" if row.chained else "signed",
        "doubtful": row.doubtful,
        "test": row.series.test,
    }


def cut(text: str) -> str:
    """A text as a table has it: a device may sign a long one, and JSON and CSV have all of it."""
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def marks(of: Series, other: str) -> str:
    """What is odd about values of a series; other: what else than that an emulated machine may have made them."""
    return ", ".join(filter(None, ("test" if of.test else "", other)))


def row_cells(row: Row, names: dict[bytes, str]) -> tuple[str, ...]:
    """A row of the table."""
    of = row.series
    mark = marks(of, "contradicted" if row.doubtful else worth_of_clock(row.clock))
    short = row.digest.hex()[:DIGITS]
    return (
        named(of.device, names),
        utc(row.at // MICRO),
        str(row.seq),
        cut(of.name),
        cut(said(row.value)),
        of.unit,
        short,
        mark,
    )


def no_rows(session: Session, asked: Question, store: ReadingStore) -> None:
    """Say that there is nothing, and what there is instead."""
    if session.as_json:
        return
    known = sorted({one.name for one in store.series(Question(devices=asked.devices))})
    if not known:
        session.say("Nothing: `sealwright readings import BUNDLE` brings readings in.")
    elif asked.quantities and not store.series(asked):
        session.say(f"Nothing of {' and '.join(sorted(asked.quantities))}. There is: {', '.join(known)}.")
    else:
        session.say("Nothing in that time.")
