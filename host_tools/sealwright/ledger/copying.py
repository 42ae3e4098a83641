"""A copy of a ledger's file while others write to it, by SQLite's own online backup, and the check of such a copy.

Limits: copies a ledger in SQLite. The copy is of one moment; what is settled meanwhile is not in it.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Final

from ..database.opening import Opened
from .chain import Head
from .store.database import Database
from .store.faults import LedgerDamaged, typed
from .store.places import Place, open_database
from .store.sqlite import SqliteDatabase
from .store.tables import Tables

PATIENCE_SECONDS: Final = 30.0


def copy_ledger(source: Path, copy: Path) -> Head:
    """Copy the ledger at `source` into the file `copy`, check the copy, and return its log's last row.

    copy: an empty file, which nobody else uses. Raises LedgerError.
    """
    with (
        closing(SqliteDatabase.open(source, write=False, patience=PATIENCE_SECONDS)) as database,
        typed(str(copy)),
        closing(sqlite3.connect(copy, isolation_level=None)) as target,
    ):
        database.copy_to(target)
    return check_copy(copy)


def check_copy(path: Path, anchors: Sequence[Head] = ()) -> Head:
    """Check a copied ledger's file: SQLite's integrity, its kind and version, and that its log has these rows. Returns
    its last row. Writes nothing beside it. Raises LedgerError."""
    with typed(str(path)):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
    with closing(SqliteDatabase.of(Opened(connection), str(path))) as database:
        return _check(database, anchors)


def check_ledger(place: Place, anchors: Sequence[Head] = ()) -> Head:
    """The same of a ledger in its place, file or server, while others may write to it."""
    with closing(open_database(place, write=False, patience=PATIENCE_SECONDS)) as database, database.reading():
        return _check(database, anchors)


def _check(database: Database, anchors: Sequence[Head]) -> Head:
    if faults := database.damage():
        raise LedgerDamaged(f"{database.name} is damaged: {faults[0]}")
    logs = [Tables(shard) for shard in database.shards]
    for anchor in anchors:
        known = zip_longest(anchor.all, logs[: len(anchor.all)])
        if any(one.n and (log is None or log.hash_of(one.n) != one.hash) for one, log in known):
            raise LedgerDamaged(f"the log of {database.name} has no row {anchor}", code="log_cut_off")
    return Head.of([log.head() for log in logs])
