"""The numbered steps that made the ledger's tables what they are: a new ledger takes all, an older one those it lacks.

Purpose: a ledger goes on after an update. A step that was published never changes, which its checksum holds it to; what
changes is a step more. Each is written for any ledger of the number before, in one transaction with it.
Limits: version 1 was never published. Its deposits and channels name no ledger, so no later one may take them over.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from . import schema
from .database import Database
from .faults import LedgerError, LedgerReadOnly, NotALedger


class Migration(NamedTuple):
    """A step to version `number`. checksum: SHA-256 over its statements, each followed by a zero byte, in hex."""

    number: int
    statements: tuple[str, ...]
    checksum: str

    def holds(self) -> bool:
        """Whether the statements are those that were published."""
        return sha256(b"".join(one.encode() + b"\0" for one in self.statements)).hexdigest() == self.checksum


MIGRATIONS: Final = (
    Migration(
        2, (*schema.TABLES, *schema.TRIGGERS), "a2a1cf79b4f69fbe7843ec6db0d630759b49934a945d8e8a2f8ff992c3f2f576"
    ),
)


def whole() -> tuple[str, ...]:
    """All that makes a new ledger. Raises LedgerError."""
    return (f"PRAGMA application_id = {schema.APPLICATION}", *_steps(MIGRATIONS))


def bring_up(database: Database, version: object) -> None:
    """Give a ledger of this version what it lacks.

    Raises:
        NotALedger: it is newer, or of a version before the first one published, or it is open for reading only.
        LedgerError: nothing was changed.
    """
    named = f"{database.name} is a ledger of version {version!r}"
    if not isinstance(version, int) or not MIGRATIONS[0].number <= version < schema.VERSION:
        raise NotALedger(f"{named}, not {schema.VERSION}")
    try:
        with database.writing():
            found = database.row("PRAGMA user_version") or (None,)
            done = found[0] if isinstance(found[0], int) else version  # another process may have been faster
            database.create(_steps([step for step in MIGRATIONS if step.number > done]))
    except LedgerReadOnly as error:
        remedy = "Settle something: a ledger is brought up to date when it is opened to write."
        raise NotALedger(f"{named}, not {schema.VERSION}", remedy=remedy) from error


def _steps(steps: "tuple[Migration, ...] | list[Migration]") -> tuple[str, ...]:
    for step in steps:
        if not step.holds():
            raise LedgerError(f"step {step.number} of the ledger's tables is not the one that was published")
    numbers = (f"PRAGMA user_version = {step.number}" for step in steps[-1:])
    return (*(statement for step in steps for statement in step.statements), *numbers)
