"""Messages that come again: whose bytes are in the log, and which can do nothing more."""

from ..verify import ALREADY_SETTLED, Policy, Verdict, channels
from ..wire.messages import Body, Message, Voucher
from .store.batched import BatchedTables


def is_done(tables: BatchedTables, policy: Policy, message: Message[Body]) -> bool:
    """Whether these very bytes are in the log and can do nothing more; their signature was checked then."""
    body = message.body
    if isinstance(body, Voucher) and not tables.may_have(message.digest, body.channel, body.lane, body.seq):
        return False
    if tables.settled(message.digest) != message.raw:
        return False
    if not isinstance(body, Voucher) or body.ticks is None:
        return True
    best = tables.lane(body.channel, body.lane)
    return best is not None and channels.worth_of(body, policy.ticks) <= best.worth


def already(verdict: Verdict) -> Verdict:
    """The verdict on such a message."""
    return verdict._replace(ok=True, code=ALREADY_SETTLED, why="It is in the ledger; nothing was changed.")
