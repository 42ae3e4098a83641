"""Moving a ledger from its file to a server: copied row by row, proved equal, and only then is the file given up.

The copy is compared and audited before its transaction ends: what fails leaves no row there. The file stays what it is
until then. Then it takes no more rows, and says where its ledger is: one log in
two places would count a deposit twice.
Limits: one way, from SQLite. Nobody settles meanwhile; both ends are held for the whole time. A move that was cut off
is finished by another one: a ledger there that is the same already is only proved again.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Final

from ..errors import Usage
from .chain import Head, LogRow
from .compare import differences
from .store.database import Database, Row
from .store.faults import LedgerDamaged
from .store.places import open_database
from .store.scans import view
from .store.schema import VIEWS
from .store.sqlite import SqliteDatabase
from .store.tables import Tables

PATIENCE_SECONDS: Final = 30.0
_AT_ONCE: Final = 5000  # rows in memory
_LOG: Final = LogRow._fields


def move_ledger(source: Path, target: str, prove: Callable[[Database, Head], bool]) -> Head | None:
    """Move the ledger in the file `source` to the server's database at the URL `target`, and return its log's last row.

    prove: audits the copy, given that row, and says whether all holds; if not, nothing is copied, the file stays in use
    and this returns None. The copy is compared with the file before, value by value.

    Raises:
        Usage: there is another ledger.
        LedgerDamaged: the copy is not what the file has; nothing is there.
        LedgerError: the file stays in use.
    """
    with (
        suppress(_NotProved),
        closing(SqliteDatabase.open(source, write=True, patience=PATIENCE_SECONDS)) as old,
        closing(open_database(target, write=True, patience=PATIENCE_SECONDS)) as new,
        old.writing(),
    ):
        head = _copy(old, new, prove)
        old.give_up(new.name)
        return head
    return None


class _NotProved(Exception):
    """Ends the copying transaction."""


def _copy(old: Database, new: Database, prove: Callable[[Database, Head], bool]) -> Head:
    with new.writing():
        there, head = Tables(new).head(), Tables(old).head()
        if there.n and there != head:
            remedy = "Name an empty database. Two logs of one ledger cannot become one."
            raise Usage(f"{new.name} has a ledger of {there.n} rows already", remedy=remedy, code="ledger_exists")
        if not there.n:
            for table, columns, rows in _tables(old):
                sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
                while piece := list(islice(rows, _AT_ONCE)):
                    new.run_many(sql, piece)
        _same_log(Tables(old).log(), Tables(new).log(), new.name)
        for found in differences(old, new):
            raise LedgerDamaged(f"the copy in {new.name} is not what {old.name} has: {found}")
        if not prove(new, head):
            raise _NotProved
        return head


def _tables(old: Database) -> Iterator[tuple[str, tuple[str, ...], Iterator[Row]]]:
    """Every table with its columns and rows, first what others point to."""
    yield "log", _LOG, iter(Tables(old).log())
    for table, (key, rest) in VIEWS.items():
        yield table, key + rest, (one + more for one, more in view(old, table))


def _same_log(kept: Iterable[LogRow], copied: Iterable[LogRow], name: str) -> None:
    theirs = iter(copied)
    for row in kept:
        if next(theirs, None) != row:
            raise LedgerDamaged(f"row {row.n} of the log in {name} is not what was copied there")
    if (more := next(theirs, None)) is not None:
        raise LedgerDamaged(f"the log in {name} has a row {more.n} too many")
