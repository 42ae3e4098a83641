"""The numbered steps that made the ledger's tables what they are, see `database.kind`.

Limits: version 1 was never published. Its deposits and channels name no ledger, so no later one may take them over.
"""

from typing import Final

from ...database.kind import Kind, Migration
from . import schema
from .faults import FAMILY

MIGRATIONS: Final = (
    Migration(
        2, (*schema.TABLES, *schema.TRIGGERS), "a2a1cf79b4f69fbe7843ec6db0d630759b49934a945d8e8a2f8ff992c3f2f576"
    ),
    Migration(3, schema.OWNERSHIP, "fe604bd66027b883205b232cfdf9502b64746c65942126c1d03c1f4852be15a0"),
    Migration(4, schema.STATEMENTS, "b561d572bf409ebe3c8ee4fd2efba8e68355fc8d240fb1b7c8faf19b31c4a1b9"),
)


def kind() -> Kind:
    """What a ledger's file is."""
    return Kind(
        noun="ledger",
        application=schema.APPLICATION,
        steps=MIGRATIONS,
        faults=FAMILY,
        whole="SELECT count(*) = ifnull(max(n), 0) FROM log",
        again="settle again every bundle since then: nothing is paid twice",
        writes="Settle something",
    )
