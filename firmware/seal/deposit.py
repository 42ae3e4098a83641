"""When a payer's deposit in a channel is free again: what the device may forget depends on it."""

from . import channel, labels, messages
from .channel import AMOUNT, CLOSE, OPEN, REFUND, RESERVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Record


def is_over(record: "Record", own_kid: bytes) -> bool:
    """Whether the rest of the deposit is back: the ledger's refund says so, or the payee's close claims no more than
    was promised. own_kid: the device's, of closes that it signed itself."""
    if REFUND in record:
        return True
    if CLOSE not in record:
        return False
    close = messages.recall(record[CLOSE], labels.CHANNEL_CLOSE)
    claims = close.payload.get(labels.CLOSE_CLAIMS)
    if claims is None or close.kid == own_kid:
        return False
    return sum(amount for _, _, amount, _ in claims) <= record.get(RESERVED, record[AMOUNT])


def claim_end(record: "Record") -> int:
    """Unix seconds: the end of the claim in a channel, after which its ledger refunds the rest."""
    terms = channel.terms(record[OPEN])
    if CLOSE not in record:
        return terms.claim_end
    closed = messages.recall(record[CLOSE], labels.CHANNEL_CLOSE).payload[labels.CLOSE_TIME]
    return min(terms.expires, closed) + terms.window
