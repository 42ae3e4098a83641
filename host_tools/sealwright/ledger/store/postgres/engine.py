"""The ledger's database on a PostgreSQL server.

Purpose: implement `database.Database` by psycopg 3. One process writes at a time: it locks the one row of `turn`, so
what it reads within the transaction nobody changes. Readers see one state and wait for nobody.
Limits: PostgreSQL 14 or newer. One server, or one that takes its place: a cluster is not tested. A lost connection ends
its transaction with LedgerInterrupted; the next transaction waits for the server to come back.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Final, cast

import psycopg

from ..database import Row, Value, text
from ..faults import LedgerError
from . import outline
from .connecting import OUTAGE_SECONDS, Server, connect, read_url
from .dialect import copying, query
from .faults import translate, typed
from .steps import bring_up

_AT_ONCE: Final = 2000  # rows of a scan that are in memory
_FEW: Final = 4  # rows: COPY costs two more round trips
_LEAST: Final = 140000  # PostgreSQL's own number for version 14


class PostgresDatabase:
    """A connection to a ledger on a server. patience: seconds to wait while another process writes."""

    far = True

    def __init__(self, server: Server, patience: float) -> None:
        self.name = server.name
        self._server, self._patience = server, patience
        self._connection = connect(server)
        self._set_up()
        self._names = count()

    @classmethod
    def open(cls, url: str, *, write: bool, patience: float) -> "PostgresDatabase":
        """Open the ledger in the database at `url`; with `write` it is made if there is none, and brought up to date.

        Raises LedgerUnreachable, LedgerMissing, NotALedger, LedgerReadOnly and other LedgerErrors.
        """
        made = cls(read_url(url), patience)
        try:
            with typed(made.name):
                bring_up(made._connection, made.name, write=write)
        except BaseException:
            made.close()
            raise
        return made

    def _set_up(self) -> None:
        if self._connection.info.server_version < _LEAST:
            self.close()
            raise LedgerError(f"{self.name} is too old: the ledger needs PostgreSQL 14 or newer")
        with typed(self.name):
            milliseconds = max(1, round(self._patience * 1000))
            self._connection.execute(f"SET lock_timeout = {milliseconds}".encode())
        self._cursor = self._connection.cursor(binary=True)

    def _ready(self) -> None:
        """Connect anew where the connection was lost, and wait for the server."""
        if self._connection.broken:
            self._connection = connect(self._server, outage=OUTAGE_SECONDS)
            self._set_up()

    def create(self, statements: Sequence[str]) -> None:
        """Run data definitions, in order."""
        for statement in statements:
            self.run(statement)

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Run one statement for its effect."""
        try:
            self._cursor.execute(query(sql), parameters)
        except psycopg.Error as error:
            raise translate(error, self.name) from error

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for its effect, once for the parameters of each row: by COPY, or in one pipeline."""
        found = list(rows)
        if not found:
            return
        copied = copying(sql) if len(found) > _FEW else None
        with typed(self.name):
            if copied is None:
                self._cursor.executemany(query(sql), found)
                return
            with self._cursor.copy(copied) as copy:
                for row in found:
                    copy.write_row(row)

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query that has few."""
        try:
            self._cursor.execute(query(sql), parameters)
            return iter(cast("list[Row]", self._cursor.fetchall()))
        except psycopg.Error as error:
            raise translate(error, self.name) from error

    def scan(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query that may have any number, as they are read; within a transaction."""
        with typed(self.name), self._connection.cursor(f"scan{next(self._names)}", binary=True) as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(query(sql), parameters)
            for row in cursor:
                yield cast("Row", row)

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """The first row of one query that has few, or None."""
        try:
            self._cursor.execute(query(sql), parameters)
            return cast("Row | None", self._cursor.fetchone())
        except psycopg.Error as error:
            raise translate(error, self.name) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A write transaction, all or nothing."""
        with self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED"):
            self.run("SELECT one FROM turn FOR UPDATE")
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A read transaction: one state of the ledger."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._ready()
        self.run(begin)
        try:
            yield
            self.run("COMMIT")
        except BaseException:  # also an interrupt: half a batch must never be left to a later commit
            with suppress(psycopg.Error):
                self._connection.rollback()
            raise

    def outline(self) -> list[Row]:
        """The definitions in force, sorted."""
        with typed(self.name):
            return outline.outline(self._connection)

    def intended(self) -> list[Row]:
        """The definitions that should be in force, sorted."""
        connection = connect(self._server)
        try:
            with typed(self.name):
                return outline.intended(connection)
        finally:
            connection.close()

    def damage(self) -> list[str]:
        """What the server itself holds to be broken: indexes and constraints that are not valid."""
        sql = """SELECT 'the index ' || c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
            WHERE NOT (x.indisvalid AND x.indisready) AND c.relnamespace = to_regnamespace('sealwright')
            UNION ALL SELECT 'the constraint ' || conname FROM pg_constraint
            WHERE NOT convalidated AND connamespace = to_regnamespace('sealwright') ORDER BY 1"""
        return [f"{text(row[0])} is not valid" for row in self.rows(sql)]

    def close(self) -> None:
        """Close the connection. Idempotent."""
        with suppress(psycopg.Error):
            self._connection.close()
