"""Whose ledger a log is: its ledger certificates say so, and nobody else's ledger may write to it.

A row of another ledger's key would stay in the log for good, and the log's owner would not find it acceptable in an
audit. A certificate that was renewed is of the same key.
"""

from ..errors import Rejected
from ..verify import Judge
from ..wire.messages import Certificate, Message, parse_as
from .identity import LedgerIdentity
from .store.faults import ForeignLedger
from .store.tables import Tables


def check_ours(tables: Tables, ledger: bytes) -> None:
    """See that the log is empty, or has a certificate of the ledger with this id (32 bytes). Raises ForeignLedger."""
    if tables.head().n and not any(_is_of(raw, ledger) for _, raw in tables.certificates(ledger[:8])):
        raise ForeignLedger(f"the ledger in {tables.name} is another home's")


def lacking(tables: Tables, judge: Judge, identity: LedgerIdentity) -> list[Message[Certificate]]:
    """Of the ledger's own certificates those that hold and that its log has not yet. Raises ForeignLedger."""
    check_ours(tables, identity.id)
    missing = [one for one in identity.certificates if tables.row_of(one.digest) is None]
    return [one for one in missing if judge.judge(one).fault is None]


def _is_of(raw: bytes, ledger: bytes) -> bool:
    try:
        body = parse_as(raw, Certificate).body
    except Rejected:  # a damaged row, which an audit finds
        return False
    return body.is_ledger and body.key.device_id == ledger
