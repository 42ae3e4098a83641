"""What must hold between the logs of a ledger in shards: what the audit looks at once each is proved by itself.

All have the same certificates, grants, revocations and so on, in the same order. Every shift is in both logs that it
names, in the rows that it names. No channel and no order is in two shards. What two shards say that each has of the
other's is the same sum: so all that devices and channels have is what was deposited and not withdrawn.
Limits: within one reading of all shards, so of one state; as slow as the shards are long.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import pairwise, repeat, zip_longest
from typing import Final, NamedTuple

from ...errors import Rejected
from ...wire.messages import Shift, parse_as
from ..compare import show
from ..store import scans
from ..store.database import Database, Row
from ..store.tables import Tables
from .authority import AUTHORITY

_NAMES: Final = tuple(body.NAME for body in AUTHORITY)


class Mismatch(NamedTuple):
    """One thing that does not fit; row: of the log of `shard`."""

    code: str
    shard: int
    row: int | None
    what: str


def mismatches(shards: Sequence[Database]) -> Iterator[Mismatch]:
    """What does not fit together."""
    for number in range(1, len(shards)):
        yield from _authority(shards[0], shards[number], number)
    for number in range(len(shards)):
        yield from _shifts(shards, number)
    for table in ("channels", "orders"):
        yield from _twice(shards, table)
    yield from _sums(shards)


def _authority(first: Database, other: Database, number: int) -> Iterator[Mismatch]:
    pairs = zip_longest(scans.digests_of(first, _NAMES), scans.digests_of(other, _NAMES))
    for one, two in pairs:
        if one is None or two is None or one[1] != two[1]:
            row = None if two is None else two[0]
            what = "its certificates, grants, revocations, rotations or transfers are not those of shard 0 from here on"
            yield Mismatch("other_authority", number, row, what)
            return


def _shifts(shards: Sequence[Database], number: int) -> Iterator[Mismatch]:
    tables = Tables(shards[number])
    for row, digest in scans.digests_of(shards[number], (Shift.NAME,)):
        try:
            shift = parse_as(tables.message(row) or b"", Shift).body
        except Rejected:
            continue  # the audit of its log has said so
        other = shift.target if shift.source.shard == number else shift.source
        there = None
        if other.shard < len(shards):
            there = next(Tables(shards[other.shard]).digests(other.row, other.row), None)
        if there != digest:
            what = f"the money that it moves is not in row {other.row} of shard {other.shard}"
            yield Mismatch("unmatched_shift", number, row, what)


def _twice(shards: Sequence[Database], table: str) -> Iterator[Mismatch]:
    rows = [zip(scans.view(shard, table), repeat(number)) for number, shard in enumerate(shards)]
    for ((one, _), first), ((two, _), second) in pairwise(merge(*rows, key=_key)):
        if one == two:
            where = f"{table} {', '.join(show(value) for value in one)}"
            yield Mismatch("in_two_shards", second, None, f"{where}: is in shard {first}, too")


def _key(found: tuple[tuple[Row, Row], int]) -> Row:
    return found[0][0]


def _sums(shards: Sequence[Database]) -> Iterator[Mismatch]:
    has = [scans.beyond(shard) for shard in shards]
    for number, mine in enumerate(has):
        for (other, asset), amount in mine.items():
            theirs = has[other].get((number, asset), 0) if other < len(has) else 0
            if amount + theirs and (number < other or not theirs):
                what = f"{amount} of {asset} went to shard {other}, where {-theirs} came from here"
                yield Mismatch("unequal_shards", number, None, what)
