"""What the ledger asks of a database, see `database.asked`, and the reading of what is stored.

All of the ledger's SQL is in `schema.py` and the tables: what SQLite and PostgreSQL share; `postgres/dialect.py` has
the rest. Behind it stand `sqlite.py` and `postgres/`.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from ...database.asked import Database as Asked
from ...database.asked import Queries, Row, Value
from .faults import LedgerDamaged

__all__ = ["Database", "Queries", "Row", "Shard", "Value", "big", "octets", "text", "unsigned", "whole"]


class Shard(NamedTuple):
    """Shard `number`, from 0, `of` so many; since: the row of its log that says so."""

    number: int
    of: int
    since: int


class Database(Asked, Protocol):
    """One connection to a ledger's tables. Of a ledger in shards it takes the turns of all of them to write; each shard
    has one of its own for the rest."""

    @property
    def shards(self) -> "Sequence[Database]":
        """The databases of the shards, in order; of a ledger that has none this one alone."""

    @property
    def shard(self) -> Shard | None:
        """Which shard it is of, None where its ledger has none."""

    @property
    def far(self) -> bool:
        """Whether a query takes so long to get there that many questions are better asked at once."""

    def dividing(self) -> AbstractContextManager[None]:
        """A write transaction in which the ledger is divided. Raises Usage where it cannot be."""

    def divide(self, of: int) -> None:
        """Make so many shards, all empty but for the first; within `dividing`."""

    def begin_at(self, since: int) -> None:
        """Note the row since which the log is a shard's; within `dividing`."""

    def intended(self) -> list[Row]:
        """The definitions that should be in force, as `outline` has those that are."""


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
