"""The ledger's database on SQLite, and a scratch one to rebuild it in."""

import sqlite3

from ...database.kind import Kind
from ...database.opening import Opened
from ...database.sqlite import SqliteFile
from . import migrations
from .faults import typed

_SCRATCH_PRAGMAS = (
    "PRAGMA journal_mode = OFF",  # a rebuilding that fails is thrown away
    "PRAGMA cache_size = -32768",  # KiB
)
SCRATCH = "the scratch file in the folder for temporary files (TMPDIR)"


class SqliteDatabase(SqliteFile):
    """A connection to a ledger file, or to a scratch database."""

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
