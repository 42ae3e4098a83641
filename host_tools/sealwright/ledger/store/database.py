"""What the ledger asks of a database: a few calls, so that any engine can stand behind them.

Purpose: the seam between the ledger's SQL (all of it in `schema.py` and the tables) and an engine: `sqlite.py`, or
`postgres/`.
Limits: the SQL is the part SQLite and PostgreSQL share, with `?` for parameters; `postgres/dialect.py` has the rest.
Values are int (signed 64 bits), str, bytes and None. Errors leave an engine as `faults.LedgerError` only.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from .faults import LedgerDamaged

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
    """One connection to a ledger's tables."""

    @property
    def name(self) -> str:
        """What people call it: the file's path, or the URL without a password."""

    @property
    def far(self) -> bool:
        """Whether a query takes so long to get there that many questions are better asked at once."""

    def create(self, statements: Sequence[str]) -> None:
        """Run data definitions, in order."""

    def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for its effect, once for the parameters of each row."""

    def writing(self) -> AbstractContextManager[None]:
        """A write transaction: takes the write lock at once; an exception rolls it back."""

    def reading(self) -> AbstractContextManager[None]:
        """A read transaction: everything read within is one state of the ledger, also while others write."""

    def outline(self) -> list[Row]:
        """The definitions in force as (kind, name, table, sql), sorted."""

    def intended(self) -> list[Row]:
        """The definitions that should be in force, in the same words."""

    def damage(self) -> list[str]:
        """What the engine's own check of its files and indexes finds wrong, in words; empty if nothing."""

    def close(self) -> None:
        """Close the files. Idempotent."""


def whole(value: Value) -> int:
    """A stored integer. Raises LedgerDamaged for anything else."""
    if not isinstance(value, int):
        raise LedgerDamaged(f"the ledger holds {value!r} where an integer belongs")
    return value


def octets(value: Value) -> bytes:
    """A stored byte string. Raises LedgerDamaged for anything else."""
    if not isinstance(value, bytes):
        raise LedgerDamaged(f"the ledger holds {value!r} where bytes belong")
    return value


def text(value: Value) -> str:
    """A stored text. Raises LedgerDamaged for anything else."""
    if not isinstance(value, str):
        raise LedgerDamaged(f"the ledger holds {value!r} where text belongs")
    return value


def unsigned(value: Value) -> int:
    """An unsigned 64-bit integer, stored as decimal text: no column type of both engines holds it."""
    digits = text(value)
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 20):
        raise LedgerDamaged(f"the ledger holds {digits!r} where decimal digits belong")
    return int(digits)


def big(value: Value) -> int:
    """An integer from 0 up of any size, stored as decimal text: a sum of worths may not fit 64 bits."""
    digits = text(value)
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 48):
        raise LedgerDamaged(f"the ledger holds {digits!r} where decimal digits belong")
    return int(digits)
