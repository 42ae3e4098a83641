"""What is asked of a database: a few calls, so that another engine than SQLite can stand behind them.

Purpose: the seam between SQL and an engine (`sqlite.py`).
Limits: the SQL is the part SQLite and PostgreSQL share, with `?` for parameters. An engine that spells a
parameter or a column type otherwise changes that in its `run`, `rows` and `create`, nowhere else. Values are
int (signed 64 bits), str, bytes and None. Errors leave an engine as those of the file's kind only.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Value = int | str | bytes | None
Row = tuple[Value, ...]


class Queries(Protocol):
    """What the tables ask of a database."""

    def run(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Run one statement for its effect."""

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query that has few."""

    def scan(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows of one query that may have any number, as they are read; other queries may come between."""

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """The first row of one query that has few, or None."""


class Database(Queries, Protocol):
    """One connection to a file's tables."""

    @property
    def name(self) -> str:
        """What people call it: the file's path, or the URL without a password."""

    def create(self, statements: Sequence[str]) -> None:
        """Run data definitions, in order."""

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for its effect, once for the parameters of each row."""

    def writing(self) -> AbstractContextManager[None]:
        """A write transaction: takes the write lock at once; an exception rolls it back."""

    def reading(self) -> AbstractContextManager[None]:
        """A read transaction: everything read within is one state of the file, also while others write."""

    def outline(self) -> list[Row]:
        """The definitions in force as (kind, name, table, sql), sorted."""

    def damage(self) -> list[str]:
        """What the engine's own check of its files and indexes finds wrong, in words; empty if nothing."""

    def close(self) -> None:
        """Close the files. Idempotent."""
