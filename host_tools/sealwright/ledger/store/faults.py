"""What can go wrong with the ledger's file, as typed errors with a remedy."""

from contextlib import AbstractContextManager

from ...database import faults
from ...errors import SealwrightError


class LedgerError(SealwrightError):
    """The ledger cannot be used. The batch this came up in changed nothing."""

    exit_code = 4
    code = "ledger_error"
    remedy = "Run `sealwright ledger audit`; if it cannot, restore the file from a copy."


class LedgerMissing(LedgerError):
    """There is no ledger at this path, and reading does not make one."""

    exit_code = 2
    code = "ledger_missing"
    remedy = "Name the right file, or make one with `sealwright init`."


class NotALedger(LedgerError):
    """The path holds something else: a directory, another file, or a ledger of a newer version."""

    exit_code = 2
    code = "not_a_ledger"
    remedy = "Name the right file; nothing in this one was touched."


class ForeignLedger(LedgerError):
    """The log has rows, and none of its certificates is of the ledger that wants to write to it."""

    exit_code = 2
    code = "foreign_ledger"
    remedy = "Name this home's own ledger, or an empty place: --ledger, SEALWRIGHT_LEDGER or its config.toml."


class LedgerDamaged(LedgerError):
    """SQLite finds the file's structure broken, or a value in it is of the wrong kind."""

    exit_code = 1
    code = "ledger_damaged"
    remedy = "Keep the file, restore a copy, and settle the bundles since then again: nothing is paid twice."


class LedgerBusy(LedgerError):
    """Another process holds the write lock for longer than we wait."""

    code = "ledger_busy"
    remedy = "Wait until the other settlement is done, then run this again."


class LedgerFull(LedgerError):
    """No room for the next row: the disk, a quota or the database's own limit is full."""

    code = "ledger_full"
    remedy = "Free space on its disk, then settle the same bundle again: nothing is paid twice."


class LedgerReadOnly(LedgerError):
    """The file, its folder or its file system may not be written."""

    code = "ledger_read_only"
    remedy = "Make the file and its folder writable for this user, or work on a copy."


class LedgerUnreachable(LedgerError):
    """The server that has the ledger does not answer, or does not let us in."""

    exit_code = 3
    code = "ledger_unreachable"
    remedy = "See that the server runs and that the ledger's URL is right."


class LedgerInterrupted(LedgerError):
    """A transaction ended for a reason that may be gone the next time: it was in another's way, or the server left."""

    exit_code = 3
    code = "ledger_interrupted"
    remedy = (
        "Run it again once the server is well: a bundle pays nothing twice. A deposit or a withdrawal is a new order "
        "each time: look at `sealwright ledger balances` first."
    )


class LedgerDivided(LedgerError):
    """The ledger was divided into shards while this process had it open."""

    code = "ledger_divided"
    remedy = "Run it again: what was settled stays settled."


class OutcomeUnknown(LedgerInterrupted):
    """The server left while a transaction was to end, and stays away: the batch is whole in the log, or not at all."""

    code = "ledger_outcome_unknown"
    remedy = (
        "Once the server answers, look at `sealwright ledger balances` before you do it again. A bundle may be settled "
        "again in any case: nothing of it is paid twice."
    )


FAMILY = faults.Family(
    LedgerError, LedgerMissing, NotALedger, LedgerDamaged, LedgerBusy, LedgerFull, read_only=LedgerReadOnly
)


def typed(path: str) -> AbstractContextManager[None]:
    """Turn every sqlite3 error raised within into a LedgerError that names `path`."""
    return faults.typed(path, FAMILY)
