"""Two versions of the views, kept and rebuilt, compared value by value in the order of their keys.

Limits: reads both tables once, side by side; rows of a damaged index may come out of order, and are then
reported as missing and as foreign rather than as changed.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from .store.database import Database, Row, Value
from .store.faults import LedgerDamaged
from .store.scans import view
from .store.schema import VIEWS

MOST_DIFFERENCES = 20  # reported per table: one damaged row early in the log changes all that follows


class Difference(NamedTuple):
    """One row that is not what the log says: `kept` or `rebuilt` is None where it has no such row."""

    table: str
    key: Row
    kept: Row | None
    rebuilt: Row | None

    def __str__(self) -> str:
        where = f"{self.table} {', '.join(show(value) for value in self.key)}"
        if self.kept is None:
            return f"{where}: is missing; the log makes it {_row(self.rebuilt)}"
        if self.rebuilt is None:
            return f"{where}: {_row(self.kept)} comes from no row of the log"
        return f"{where}: is {_row(self.kept)}; the log makes it {_row(self.rebuilt)}"


def differences(kept: Database, rebuilt: Database) -> Iterator[Difference | LedgerDamaged]:
    """Where `kept` is not, bit for bit, what `rebuilt` is; the error of a table that cannot be read."""
    for table in VIEWS:
        try:
            yield from islice(_compare(table, kept, rebuilt), MOST_DIFFERENCES)
        except LedgerDamaged as error:
            yield error


def show(value: Value) -> str:
    """A stored value for people: bytes in hex."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _row(row: Row | None) -> str:
    return "(" + ", ".join(show(value) for value in row or ()) + ")"


def _compare(table: str, kept: Database, rebuilt: Database) -> Iterator[Difference]:
    ours, theirs = view(kept, table), view(rebuilt, table)
    one, two = next(ours, None), next(theirs, None)
    while one is not None or two is not None:
        if two is None or (one is not None and _order(one[0]) < _order(two[0])):
            assert one is not None
            yield Difference(table, one[0], one[1], None)
            one = next(ours, None)
        elif one is None or _order(two[0]) < _order(one[0]):
            yield Difference(table, two[0], None, two[1])
            two = next(theirs, None)
        else:
            if not (_same(one[0], two[0]) and _same(one[1], two[1])):
                yield Difference(table, one[0], one[1], two[1])
            one, two = next(ours, None), next(theirs, None)


def _order(key: Row) -> list[tuple[int, Value]]:
    """The engine's order of values: nothing, numbers, text, bytes; also of values that do not belong here."""
    ranks = {type(None): 0, int: 1, float: 1, str: 2, bytes: 3}
    return [
        (ranks[type(value)], 0 if value is None else value) if type(value) in ranks else (4, str(value))
        for value in key
    ]


def _same(one: Row, two: Row) -> bool:
    return one == two and [type(value) for value in one] == [type(value) for value in two]
