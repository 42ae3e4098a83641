"""The double-entry ledger: settling vouchers, and proving the result from the messages alone."""

from .audit import AuditReport, Finding
from .book import Channel
from .chain import Head
from .identity import LedgerIdentity
from .ledger import Ledger
from .reports import Balance, EntryLine
from .store.faults import LedgerBusy, LedgerDamaged, LedgerError, LedgerFull, LedgerMissing, LedgerReadOnly, NotALedger

__all__ = [
    "AuditReport",
    "Balance",
    "Channel",
    "EntryLine",
    "Finding",
    "Head",
    "Ledger",
    "LedgerBusy",
    "LedgerDamaged",
    "LedgerError",
    "LedgerFull",
    "LedgerIdentity",
    "LedgerMissing",
    "LedgerReadOnly",
    "NotALedger",
]
