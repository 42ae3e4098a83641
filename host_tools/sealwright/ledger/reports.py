"""What the ledger says of itself: balances, channels, entries, and the entries as a file for other programs.

Limits: reads one state (its caller's transaction). A spreadsheet takes text that begins with = + - or @ for a
formula; assets are named by owners, so the CSV leaves them as they are.
"""

import csv
import json
from collections.abc import Iterator
from typing import Literal, NamedTuple, TextIO

from ..errors import Usage
from .book import Channel
from .store import scans
from .store.database import Database
from .store.tables import Tables

Format = Literal["csv", "json"]


class Balance(NamedTuple):
    """What an account holds; `kind` device (`name` its id), channel (its digest) or world (an owner's id)."""

    kind: str
    name: bytes
    asset: str
    amount: int


class EntryLine(NamedTuple):
    """One entry with the message that caused it: row `n` of the log, taken `at` (unix seconds)."""

    n: int
    at: int
    type: str
    digest: bytes
    kind: str
    name: bytes
    asset: str
    amount: int


def balances(database: Database) -> Iterator[Balance]:
    """Every account, by kind, asset and name. The amounts of each asset sum to 0."""
    return (Balance(*row) for row in scans.balances(database))


def channels(database: Database) -> Iterator[Channel]:
    """Every channel, in the order they were opened."""
    return Tables(database).channels()


def entries(database: Database) -> Iterator[EntryLine]:
    """Every entry, in the order of the log."""
    return (EntryLine(*row) for row in scans.entries(database))


def export(database: Database, out: TextIO, form: str) -> int:
    """Write every entry to `out` and return how many.

    Args:
        database: the ledger's.
        out: a text file; open it with newline="".
        form: "json" (one object a line, its amount as text) or "csv" (with a header line). Bytes are in hex.

    Raises:
        Usage: another form.
    """
    lines = ({key: _plain(value) for key, value in line._asdict().items()} for line in entries(database))
    if form == "json":  # JavaScript rounds large numbers: an amount is text
        texts = (line | {"amount": str(line["amount"])} for line in lines)
        return sum(out.write(json.dumps(line, ensure_ascii=False) + "\n") > 0 for line in texts)
    if form != "csv":
        raise Usage(f"the ledger has no export as {form!r}", remedy="Ask for json or csv.")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(EntryLine._fields)
    return sum(writer.writerow(line.values()) > 0 for line in lines)


def _plain(value: int | str | bytes) -> int | str:
    return value.hex() if isinstance(value, bytes) else value
