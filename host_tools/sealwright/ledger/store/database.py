"""What the ledger asks of a database, see `database.asked`, and the reading of what is stored.

All of the ledger's SQL is in `schema.py` and the tables: what SQLite and PostgreSQL share; `postgres/dialect.py` has
the rest. Behind it stand `sqlite.py` and `postgres/`.
"""

from typing import Protocol

from ...database.asked import Database as Asked
from ...database.asked import Queries, Row, Value
from .faults import LedgerDamaged

__all__ = ["Database", "Queries", "Row", "Value", "big", "octets", "text", "unsigned", "whole"]


class Database(Asked, Protocol):
    """One connection to a ledger's tables."""

    @property
    def far(self) -> bool:
        """Whether a query takes so long to get there that many questions are better asked at once."""

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
