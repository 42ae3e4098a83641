"""The ledger's database on SQLite, and a scratch one to rebuild it in."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from ...database.kind import Kind
from ...database.opening import Opened
from ...database.sqlite import SqliteFile
from ...errors import Usage
from . import migrations, schema
from .database import Row
from .faults import NotALedger, typed

_SCRATCH_PRAGMAS = (
    "PRAGMA journal_mode = OFF",  # a rebuilding that fails is thrown away
    "PRAGMA cache_size = -32768",  # KiB
)
SCRATCH = "the scratch file in the folder for temporary files (TMPDIR)"


class SqliteDatabase(SqliteFile):
    """A connection to a ledger file, or to a scratch database."""

    far = False
    shard = None

    @property
    def shards(self) -> "tuple[SqliteDatabase, ...]":
        """This one alone: what is in one file has one lock."""
        return (self,)

    @classmethod
    def kind(cls) -> Kind:
        """A ledger."""
        return migrations.kind()

    @classmethod
    def scratch(cls) -> "SqliteDatabase":
        """An empty ledger for rebuilding, in a file without a name that goes with the connection.

        Its memory is its cache, whatever it holds. It lies in the folder that SQLITE_TMPDIR or TMPDIR names. Raises
        LedgerError.
        """
        with typed(SCRATCH):
            made = cls(Opened(sqlite3.connect("", isolation_level=None)), SCRATCH)
            for pragma in _SCRATCH_PRAGMAS:
                made.run(pragma)
            made.create(migrations.kind().statements())
        return made

    def _check(self) -> None:
        self._check_place()
        super()._check()

    def _check_place(self) -> None:
        if self._pragma("application_id") == schema.MOVED:
            remedy = "Name the server: --ledger URL, SEALWRIGHT_LEDGER, or `ledger` in the home's config.toml."
            raise NotALedger(f"the ledger in {self.name} was moved to a server", remedy=remedy, code="ledger_moved")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A write transaction, all or nothing. Raises NotALedger where the ledger was moved meanwhile."""
        with super().writing():
            self._check_place()
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A read transaction: one state of the file. Raises NotALedger where the ledger was moved meanwhile."""
        with super().reading():
            self._check_place()
            yield

    def dividing(self) -> AbstractContextManager[None]:
        """Raises Usage."""
        remedy = "Move it to a PostgreSQL server first: `sealwright ledger migrate --to URL`. Then divide it there."
        why = f"the ledger in {self.name} is one file with one lock: shards would wait for each other"
        raise Usage(why, remedy=remedy, code="ledger_in_file")

    def divide(self, of: int) -> None:
        """Never called: see `dividing`."""

    def begin_at(self, since: int) -> None:
        """Never called: see `dividing`."""

    def intended(self) -> list[Row]:
        """The definitions that should be in force, sorted."""
        scratch = SqliteDatabase.scratch()
        try:
            return scratch.outline()
        finally:
            scratch.close()

    def give_up(self, place: str) -> None:
        """Take no more rows, and open no more: the ledger is at `place` now. Within a write transaction."""
        moved = f"the ledger was moved to {place}".replace("'", "''")
        self.run(f"CREATE TRIGGER log_was_moved BEFORE INSERT ON log BEGIN SELECT raise(ABORT, '{moved}'); END")
        self.run(f"PRAGMA application_id = {schema.MOVED}")
