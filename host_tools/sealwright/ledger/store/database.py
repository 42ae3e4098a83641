"""What the ledger asks of a database, see `database.asked`, and the reading of what is stored.

All of the ledger's SQL is in `schema.py`, `tables.py` and beside them.
"""

from ...database.asked import Database, Queries, Row, Value
from .faults import LedgerDamaged

__all__ = ["Database", "Queries", "Row", "Value", "big", "octets", "text", "unsigned", "whole"]


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
