"""The ledger's database on a PostgreSQL server.

Purpose: implement `database.Database` by psycopg 3. One process writes at a time, or one to each shard: it locks the
one row of `turn`, or of `shard`, so what it reads within the transaction nobody changes. Readers see one state and wait
for nobody.
Limits: PostgreSQL 14 or newer. One server, or one that takes its place: a cluster is not tested. A lost connection ends
its transaction with LedgerInterrupted; the next transaction waits for the server to come back.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, cast

import psycopg

from ..database import Row, Shard, Value, text
from ..faults import LedgerDivided, NotALedger
from . import outline, steps
from .connecting import OUTAGE_SECONDS, connect, read_url
from .dialect import SCHEMA, copying, query, schema_of
from .faults import translate, typed
from .link import Link
from .steps import bring_up, place_of

_AT_ONCE: Final = 2000  # rows of a scan that are in memory
_FEW: Final = 4  # rows: COPY costs two more round trips
_IS_DIVIDED: Final = f"SELECT to_regclass('{SCHEMA}.shard')"
_WHOLE: Final = "Restore all of the database from one copy: the shards are one ledger."


class PostgresDatabase:
    """A connection to a ledger on a server."""

    far = True

    def __init__(self, link: Link, schema: str = SCHEMA, shard: Shard | None = None) -> None:
        self.name, self.shard, self._link, self._schema = link.server.name, shard, link, schema
        self.shards: Sequence[PostgresDatabase] = (self,)

    @classmethod
    def open(cls, url: str, *, write: bool, patience: float, hurried: bool = False) -> "PostgresDatabase":
        """Open the ledger in the database at `url`; with `write` it is made if there is none, and brought up to date.

        patience: seconds to wait while another process writes. hurried: no server is waited for. Raises
        LedgerUnreachable, LedgerMissing, NotALedger, LedgerReadOnly and other LedgerErrors.
        """
        made = cls(Link(read_url(url), patience, hurried=hurried))
        try:
            with typed(made.name):
                bring_up(made._connection, made.name, write=write)
            made.look()
        except BaseException:
            made.close()
            raise
        return made

    def look(self) -> None:
        """See which shards there are. Raises NotALedger where one is missing."""
        with typed(self.name):
            first = place_of(self._connection)
            if first is None:
                return
            places = [place_of(self._connection, schema_of(number)) for number in range(first.of)]
        for number, place in enumerate(places):
            if place is None or place[:2] != (number, first.of):
                raise NotALedger(f"shard {number} of {first.of} is missing in {self.name}", remedy=_WHOLE)
        self._link.expect(first.of)
        self.shards = [PostgresDatabase(self._link, schema_of(n), place) for n, place in enumerate(places)]

    @property
    def _connection(self) -> "psycopg.Connection[tuple[object, ...]]":
        return self._link.connection

    @property
    def _cursor(self) -> "psycopg.Cursor[tuple[object, ...]]":
        return self._link.cursor

    def divide(self, of: int) -> None:
        """Divide the ledger into empty shards, but for shard 0; within a transaction of `dividing`."""
        with typed(self.name):
            steps.divide(self._connection, of)
        self.look()

    def begin_at(self, since: int) -> None:
        """Note the row since which the log is a shard's."""
        self.run("UPDATE shard SET since = ?", (since,))
        self.shard = self.shard and self.shard._replace(since=since)

    @contextmanager
    def dividing(self) -> Iterator[None]:
        """A transaction that divides the ledger: nobody writes meanwhile, and who waits to write gets an error."""
        try:
            with self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED"):
                self._take_turn("LOCK TABLE turn IN ACCESS EXCLUSIVE MODE")
                yield
        except BaseException:
            self.shards = (self,)  # those that it made are not there
            raise

    def create(self, statements: Sequence[str]) -> None:
        """Run data definitions, in order."""
        for statement in statements:
            self.run(statement)

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Run one statement for its effect."""
        try:
            self._cursor.execute(query(sql, self._schema), parameters)
        except psycopg.Error as error:
            raise translate(error, self.name) from error

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for its effect, once for the parameters of each row: by COPY, or in one pipeline."""
        found = list(rows)
        if not found:
            return
        copied = copying(sql, self._schema) if len(found) > _FEW else None
        with typed(self.name):
            if copied is None:
                self._cursor.executemany(query(sql, self._schema), found)
                return
            with self._cursor.copy(copied) as copy:
                for row in found:
                    copy.write_row(row)

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query that has few."""
        try:
            self._cursor.execute(query(sql, self._schema), parameters)
            return iter(cast("list[Row]", self._cursor.fetchall()))
        except psycopg.Error as error:
            raise translate(error, self.name) from error

    def scan(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query that may have any number, as they are read; within a transaction."""
        with typed(self.name), self._connection.cursor(f"scan{next(self._link.names)}", binary=True) as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(query(sql, self._schema), parameters)
            for row in cursor:
                yield cast("Row", row)

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """The first row of one query that has few, or None."""
        try:
            self._cursor.execute(query(sql, self._schema), parameters)
            return cast("Row | None", self._cursor.fetchone())
        except psycopg.Error as error:
            raise translate(error, self.name) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A write transaction, all or nothing. Turns are taken at its beginning, in the order of the shards' numbers:
        so no two processes wait for each other in a circle."""
        with self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED"):
            for one in self.shards:
                one.take_turn()
            yield

    def take_turn(self) -> None:
        """Be the one that writes, until the transaction ends. Raises LedgerDivided."""
        self._take_turn(
            "SELECT one FROM turn FOR UPDATE" if self.shard is None else "SELECT turn FROM shard FOR UPDATE"
        )

    def _take_turn(self, sql: str) -> None:
        try:
            self._cursor.execute(query(sql, self._schema))
        except psycopg.errors.UndefinedTable as error:
            raise LedgerDivided(f"the ledger in {self.name} was divided into shards meanwhile") from error
        except psycopg.Error as error:
            raise translate(error, self.name) from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A read transaction: one state of the ledger."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"):
            if self.shard is None and len(self.shards) == 1 and self.row(_IS_DIVIDED) != (None,):
                raise LedgerDivided(f"the ledger in {self.name} was divided into shards meanwhile")
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._link.ready(OUTAGE_SECONDS)
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
            return outline.outline(self._connection, self._schema)

    def intended(self) -> list[Row]:
        """The definitions that should be in force, sorted."""
        connection = connect(self._link.server)
        try:
            with typed(self.name):
                return outline.intended(connection, divided=self.shard is not None)
        finally:
            connection.close()

    def damage(self) -> list[str]:
        """What the server itself holds to be broken: indexes and constraints that are not valid."""
        sql = """SELECT 'the index ' || c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
            WHERE NOT (x.indisvalid AND x.indisready) AND c.relnamespace = to_regnamespace(?)
            UNION ALL SELECT 'the constraint ' || conname FROM pg_constraint
            WHERE NOT convalidated AND connamespace = to_regnamespace(?) ORDER BY 1"""
        return [f"{text(row[0])} is not valid" for row in self.rows(sql, (self._schema, self._schema))]

    def close(self) -> None:
        """Close the connection. Idempotent."""
        with suppress(psycopg.Error):
            self._connection.close()
