"""A database on SQLite: one file, write-ahead log, every commit on disk before it is reported.

Purpose: implement `asked.Database`; `opening` makes and opens the file. Each kind of file is a subclass.
Limits: a local disk (SQLite's locks do not hold over most network file systems). A power cut keeps every
committed transaction only if the disk keeps the data that it reports as flushed.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Self

from .asked import Row, Value
from .faults import ERRORS, translate, typed
from .kind import Kind
from .opening import Opened, open_file

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",  # or a power cut could take back what we said was kept
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA wal_autocheckpoint = 8192",  # pages, 32 MB: each moves pages from all over the file
    "PRAGMA cache_size = -65536",  # KiB: what writes reads pages all over the file
)
_AT_ONCE = 1000  # rows that `all_rows` reads ahead


class SqliteFile:
    """A connection to a file, or to a scratch database."""

    def __init__(self, opened: Opened, name: str) -> None:
        self.name = name
        self._kind = self.kind()
        self._connection, self._undisturbed = opened
        self._cursor = self._connection.cursor()

    @classmethod
    def kind(cls) -> Kind:
        """What its file is."""
        raise NotImplementedError

    @classmethod
    def open(cls, path: Path, *, write: bool, patience: float) -> Self:
        """Open the file at `path`; arguments and errors are those of `opening.open_file`."""
        return cls.of(open_file(cls.kind(), path, write=write, patience=patience), str(path))

    @classmethod
    def of(cls, opened: Opened, name: str) -> Self:
        """A file's connection that was opened elsewhere, checked; it is closed where the check fails."""
        made = cls(opened, name)
        try:
            made._check()
        except BaseException:
            made.close()
            raise
        return made

    def _check(self) -> None:
        kind = self._kind
        with typed(self.name, kind.faults):
            for pragma in _PRAGMAS:
                self._connection.execute(pragma)
        application, version = self._pragma("application_id"), self._pragma("user_version")
        if application != kind.application:
            raise kind.faults.foreign(f"{self.name} is a SQLite database, but not a Sealwright {kind.noun}")
        if version != kind.version:
            kind.bring_up(self, version)

    def _pragma(self, pragma: str) -> Value:
        found = self.row(f"PRAGMA {pragma}")
        return found[0] if found else None

    def create(self, statements: Sequence[str]) -> None:
        """Run data definitions, in order."""
        for statement in statements:
            self.run(statement)

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Run one statement for its effect."""
        try:  # not `typed`: this is done ten times for every voucher
            self._connection.execute(sql, parameters)
        except ERRORS as error:
            raise translate(error, self.name, self._kind.faults) from error

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for its effect, once for the parameters of each row."""
        with typed(self.name, self._kind.faults):
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query, as they are read."""
        with typed(self.name, self._kind.faults):
            # no `yield from`: it would close the cursor of an abandoned generator, perhaps after the connection
            for row in self._connection.execute(sql, parameters):  # noqa: UP028
                yield row

    scan = rows

    def all_rows(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query that are all wanted: twice as fast as `rows`, some are read ahead."""
        return chain.from_iterable(self._parts(sql, parameters))

    def _parts(self, sql: str, parameters: Sequence[Value]) -> Iterator[list[Row]]:
        with typed(self.name, self._kind.faults):
            cursor = self._connection.execute(sql, parameters)
            while part := cursor.fetchmany(_AT_ONCE):
                yield part

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """The first row of one query that has few, or None."""
        try:  # one cursor for all, and its rows to the last: else the query would still be going on at COMMIT
            self._cursor.execute(sql, parameters)
            found: list[Row] = self._cursor.fetchall()
        except ERRORS as error:
            raise translate(error, self.name, self._kind.faults) from error
        return found[0] if found else None

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
        """A read transaction: one state of the file."""
        self.run("BEGIN")
        try:
            yield
        finally:
            self._roll_back()
        if not self._undisturbed():
            raise self._kind.faults.busy(f"{self.name} was written to while it was read")

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
            found += [str(row[0]) for row in self.rows("PRAGMA integrity_check(100)") if row[0] != "ok"]
            for table, key, parent, _ in self.rows("PRAGMA foreign_key_check"):
                found.append(f"row {key!r} of {table!r} points to nothing in {parent!r}")
        except self._kind.faults.damaged as error:
            found.append(str(error))
        return found

    def copy_to(self, target: sqlite3.Connection) -> None:
        """Copy all of it, as of one moment, into another database. Raises an error of the kind."""
        with typed(self.name, self._kind.faults):
            self._connection.backup(target)

    def close(self) -> None:
        """Close the files; the last writer folds the write-ahead log into the file."""
        with suppress(sqlite3.Error):
            self._connection.close()
