"""The ledger's database on SQLite: one file, write-ahead log, every commit on disk before it is reported.

Purpose: implement `database.Database`; make, open and lock the file so that a half-made, foreign or damaged
one is never taken for an empty ledger.
Limits: SQLite >= 3.37 (STRICT tables); a local disk (SQLite's locks do not hold over most network file
systems). A power cut keeps every committed transaction only if the disk keeps what it was told to flush.
"""

from __future__ import annotations

import os
import sqlite3
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from . import schema
from .database import Row, Value, text
from .faults import (
    LedgerDamaged,
    LedgerError,
    LedgerMissing,
    LedgerReadOnly,
    NotALedger,
    typed,
)

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",  # or a power cut could take back what we said was settled
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)


class SqliteDatabase:
    """A connection to a ledger file, or to a scratch database in memory."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self.name = name
        self._connection = connection

    @classmethod
    def scratch(cls) -> SqliteDatabase:
        """An empty ledger in memory, for rebuilding."""
        made = cls(sqlite3.connect(":memory:", isolation_level=None), "(scratch)")
        made.create(schema.STATEMENTS)
        return made

    @classmethod
    def open(cls, path: Path, *, write: bool, patience: float) -> SqliteDatabase:
        """Open the ledger at `path`; with `write` it is made if there is none.

        Args:
            path: the file.
            write: False opens it for reading only, which never waits for a writer.
            patience: seconds to wait for another process's lock.

        Raises:
            LedgerMissing, NotALedger, LedgerDamaged, LedgerBusy, LedgerReadOnly, LedgerFull.
        """
        if sqlite3.sqlite_version_info < (3, 37):
            raise LedgerError(f"SQLite {sqlite3.sqlite_version} is too old: the ledger needs 3.37 or newer")
        _inspect(path, write=write)
        if write and not path.exists():
            _make(path)
        with typed(str(path)):
            connection = _connect(path, write=write, patience=patience)
        opened = cls(connection, str(path))
        try:
            opened._check()
        except BaseException:
            opened.close()
            raise
        return opened

    def _check(self) -> None:
        with typed(self.name):
            for pragma in _PRAGMAS:
                self._connection.execute(pragma)
        application, version = self._pragma("application_id"), self._pragma("user_version")
        if application != schema.APPLICATION:
            raise NotALedger(f"{self.name} is a SQLite database, but not a Sealwright ledger")
        if version != schema.VERSION:
            raise NotALedger(f"{self.name} is a ledger of version {version!r}, not {schema.VERSION}")

    def _pragma(self, pragma: str) -> Value:
        found = self.row(f"PRAGMA {pragma}")
        return found[0] if found else None

    def create(self, statements: Sequence[str]) -> None:
        """Run data definitions, in order."""
        for statement in statements:
            self.run(statement)

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Run one statement for its effect."""
        with typed(self.name):
            self._connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query, as they are read."""
        with typed(self.name):
            yield from self._connection.execute(sql, parameters)

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """The first row of one query, or None."""
        with typed(self.name):
            found: Row | None = self._connection.execute(sql, parameters).fetchone()
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A write transaction, all or nothing."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:  # also an interrupt: half a batch must never be left to a later commit
            self._roll_back()
            raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A read transaction: one state of the ledger."""
        self.run("BEGIN")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after a full disk or an I/O error; what was raised first says more.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def outline(self) -> list[Row]:
        """The definitions in force, sorted."""
        return sorted(self.rows("SELECT type, name, tbl_name, sql FROM sqlite_master"), key=repr)

    def damage(self) -> list[str]:
        """What SQLite's integrity and foreign key checks find."""
        found: list[str] = []
        try:
            found += [text(row[0]) for row in self.rows("PRAGMA integrity_check(100)") if row[0] != "ok"]
            for table, key, parent, _ in self.rows("PRAGMA foreign_key_check"):
                found.append(f"row {key!r} of {table!r} points to nothing in {parent!r}")
        except LedgerDamaged as error:
            found.append(str(error))
        return found

    def close(self) -> None:
        """Let go of the files; the last writer folds the write-ahead log into the file."""
        with suppress(sqlite3.Error):
            self._connection.close()


def _inspect(path: Path, *, write: bool) -> None:
    """Refuse what must not be opened, or SQLite would make an empty ledger of it or fail without a reason."""
    try:
        size = path.stat().st_size if path.exists() else None
    except OSError as error:
        raise LedgerReadOnly(f"{path} cannot be looked at: {error.strerror}") from error
    if path.is_dir():
        raise NotALedger(f"{path} is a directory")
    if size is not None and not path.is_file():
        raise NotALedger(f"{path} is not a regular file")
    if size is None and Path(f"{path}-wal").exists():
        raise LedgerDamaged(f"{path} is gone and {path.name}-wal holds its last changes: put the file back")
    if size is None and not write:
        raise LedgerMissing(f"there is no ledger at {path}")
    if size is None and not path.parent.is_dir():
        raise LedgerMissing(f"the folder {path.parent} does not exist")
    if size == 0:
        raise NotALedger(f"{path} is empty, as no ledger is: restore it, or remove it to begin anew")


def _connect(path: Path, *, write: bool, patience: float) -> sqlite3.Connection:
    quoted = urllib.parse.quote(str(path.absolute()))
    if write:
        uri = f"file:{quoted}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)
        if not os.access(path, os.W_OK):
            connection.close()
            raise LedgerReadOnly(f"{path} may not be written")
        return connection
    connection = sqlite3.connect(f"file:{quoted}?mode=ro", uri=True, timeout=patience, isolation_level=None)
    try:
        connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.OperationalError:
        # A reader of a write-ahead log keeps an index beside the file. On a medium that cannot be written
        # there is none, and without a log there is none needed: nobody can be writing.
        if os.access(path.parent, os.W_OK) or Path(f"{path}-wal").exists():
            connection.close()
            raise
        connection.close()
        return sqlite3.connect(f"file:{quoted}?mode=ro&immutable=1", uri=True, isolation_level=None)
    return connection


def _make(path: Path) -> None:
    """Make the file under another name and link it into place: no half-made ledger is ever at `path`."""
    draft = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        with typed(str(path)):
            draft.unlink(missing_ok=True)
            connection = sqlite3.connect(draft, isolation_level=None)
            made = SqliteDatabase(connection, str(path))
            try:
                made.create(("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *schema.STATEMENTS))
            finally:
                made.close()
        with suppress(FileExistsError):  # another process was faster: its ledger is as good
            path.hardlink_to(draft)
        _flush_folder(path.parent)
    except OSError as error:
        raise LedgerReadOnly(f"{path} cannot be made: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """A new name is on disk only once its folder is."""
    if os.name == "nt":  # folders cannot be opened there; NTFS journals its names
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
