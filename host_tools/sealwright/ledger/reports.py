"""What the ledger says of itself: balances, channels, entries, and the entries as a file for other programs.

Limits: reads one state (its caller's transaction). A spreadsheet takes text that begins with = + - or @ for a
formula; assets are named by owners, so the CSV leaves them as they are.
"""

import csv
import json
from collections.abc import Iterator
from heapq import merge
from itertools import groupby, repeat
from typing import Literal, NamedTuple, TextIO

from ..errors import Usage
from ..wire.messages import parse_message
from .book import Channel
from .shards.authority import AUTHORITY
from .store import scans
from .store.database import Database
from .store.tables import Tables

Format = Literal["csv", "json"]


class Balance(NamedTuple):
    """What an account holds; `kind` device (`name` its id), channel (its digest) or world (an owner's id).

    parts: of a ledger in shards what it has in each, by the shard's number, where that is not 0; else None.
    """

    kind: str
    name: bytes
    asset: str
    amount: int
    parts: tuple[tuple[int, int], ...] | None = None


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
    shard: int | None = None


def balances(database: Database) -> Iterator[Balance]:
    """Every account, by kind, asset and name. The amounts of each asset sum to 0."""
    if len(database.shards) == 1:
        yield from (Balance(*row) for row in scans.balances(database))
        return
    each = [zip(scans.balances(shard), repeat(number)) for number, shard in enumerate(database.shards)]
    for place, found in groupby(merge(*each, key=_place), key=_place):
        kind, asset, name = place
        parts = tuple((number, row[3]) for row, number in found if row[3])
        if kind != "shard":  # what shards have of each other sums to 0
            yield Balance(kind, name, asset, sum(amount for _, amount in parts), parts)


def _place(found: tuple[tuple[str, bytes, str, int], int]) -> tuple[str, str, bytes]:
    kind, name, asset, _ = found[0]
    return kind, asset, name


def channels(database: Database) -> Iterator[Channel]:
    """Every channel, shard by shard, in the order they were opened."""
    return (channel for _, channel in channels_in_shards(database))


def channels_in_shards(database: Database) -> Iterator[tuple[int | None, Channel]]:
    """The same with the number of the shard."""
    for shard in database.shards:
        number = None if shard.shard is None else shard.shard.number
        yield from ((number, channel) for channel in Tables(shard).channels())


def equivocations(database: Database) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of messages of one signer that cannot both be true; those that all shards have, once."""
    for number, shard in enumerate(database.shards):
        for pair in Tables(shard).equivocations():
            if not (number and isinstance(parse_message(pair[0]).body, AUTHORITY)):
                yield pair


def entries(database: Database) -> Iterator[EntryLine]:
    """Every entry, shard by shard, in the order of the log."""
    for shard in database.shards:
        number = None if shard.shard is None else shard.shard.number
        yield from (EntryLine(*row, number) for row in scans.entries(shard))


def export(database: Database, out: TextIO, form: str) -> int:
    """Write every entry to `out` and return how many.

    Args:
        database: the ledger's.
        out: a text file; open it with newline="".
        form: "json" (one object a line, its amount as text) or "csv" (with a header line). Bytes are in hex.

    Raises:
        Usage: another form.
    """
    fields = EntryLine._fields[: None if len(database.shards) > 1 else -1]
    lines = ({key: _plain(getattr(line, key)) for key in fields} for line in entries(database))
    if form == "json":  # JavaScript rounds large numbers: an amount is text
        texts = (line | {"amount": str(line["amount"])} for line in lines)
        return sum(out.write(json.dumps(line, ensure_ascii=False) + "\n") > 0 for line in texts)
    if form != "csv":
        raise Usage(f"the ledger has no export as {form!r}", remedy="Ask for json or csv.")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    return sum(writer.writerow(line.values()) > 0 for line in lines)


def _plain(value: int | str | bytes | None) -> int | str | None:
    return value.hex() if isinstance(value, bytes) else value
