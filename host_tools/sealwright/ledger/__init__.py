"""The double-entry ledger: settling vouchers, and proving the result from the messages alone.

`book` holds the rules of entries, `chain` the hash-chained log, `audit` rebuilds the book from the log, `store/` keeps
both in SQLite or PostgreSQL. Imports `verify` and `wire`; nothing of `home`, `link`, `operate` or above.
"""

from .audit import AuditReport, Finding
from .book import Channel
from .chain import Head
from .checkpoints import Entered, OtherLog
from .copying import check_copy, check_ledger, copy_ledger
from .file import LedgerFile
from .funding import Brought, bring_funding
from .identity import LedgerIdentity
from .ledger import Ledger
from .moved import Moved, Movement
from .reports import Balance, EntryLine
from .statement import Funds, Statement, StatementLine
from .store.faults import (
    ForeignLedger,
    LedgerBusy,
    LedgerDamaged,
    LedgerDivided,
    LedgerError,
    LedgerFull,
    LedgerInterrupted,
    LedgerMissing,
    LedgerReadOnly,
    LedgerUnreachable,
    NotALedger,
    OutcomeUnknown,
)

__all__ = [
    "AuditReport",
    "Balance",
    "Brought",
    "Channel",
    "Entered",
    "EntryLine",
    "Finding",
    "ForeignLedger",
    "Funds",
    "Head",
    "Ledger",
    "LedgerBusy",
    "LedgerDamaged",
    "LedgerDivided",
    "LedgerError",
    "LedgerFile",
    "LedgerFull",
    "LedgerIdentity",
    "LedgerInterrupted",
    "LedgerMissing",
    "LedgerReadOnly",
    "LedgerUnreachable",
    "Moved",
    "Movement",
    "NotALedger",
    "OtherLog",
    "OutcomeUnknown",
    "Statement",
    "StatementLine",
    "bring_funding",
    "check_copy",
    "check_ledger",
    "copy_ledger",
]
