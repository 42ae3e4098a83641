"""Messages that come again: whose bytes are in the log, which can do nothing more, and which say nothing new."""

from ..verify import ALREADY_SETTLED, Finding, Policy, Verdict, channels
from ..verify.lines import SUPERSEDED_KEY
from ..verify.ownership import disputed
from ..wire.keys import PublicKey
from ..wire.messages import Body, Message, Status, Voucher
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


def is_known(tables: BatchedTables, message: Message[Body], found: Finding) -> bool:
    """Whether an earlier key of a device says in a status what the log knows beyond doubt: no status that says nothing
    new is kept, and one of a bundle that was settled before the rotation comes again with it."""
    body, fault = message.body, found.fault
    if not isinstance(body, Status) or fault is None or fault.code != SUPERSEDED_KEY or found.device != body.device:
        return False
    if body.owned is None:
        return True
    owners = tables.owners(body.device)
    known = ((step.generation, PublicKey(step.new).device_id) for step in owners.steps)
    return body.owned in known and not disputed(owners)


def already(verdict: Verdict) -> Verdict:
    """The verdict on such a message."""
    return verdict._replace(ok=True, code=ALREADY_SETTLED, why="It is in the ledger; nothing was changed.")
