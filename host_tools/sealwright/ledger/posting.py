"""One message into the log and the views, or not at all: the step that settling and audit share.

Purpose: bring together the rules (`book`), what they need of the past (`tables`) and the chain.
Limits: signatures and form are judged before, by the caller; runs inside the caller's transaction, and everything
that may refuse comes before the first write.
"""

from dataclasses import dataclass

from ..verify.memory import Terms
from . import book, owning
from .chain import Head, follow
from .effect import effect_of
from .intake import (
    Act,
    Certifying,
    Closing,
    Deposit,
    Payment,
    Refunding,
    Revoking,
    Withdrawal,
)
from .owning import Handover, Obeying, Ownership, is_news
from .rotating import Rotating, is_new, note
from .sharding import Shifting, ends, shift
from .store.batched import BatchedTables


@dataclass(frozen=True, slots=True)
class Posting:
    """A message that holds, as the ledger takes it: its digest, its type, and what it asks for."""

    digest: bytes
    kind: str
    act: Act


def decide(tables: BatchedTables, act: Act) -> book.Change:
    """What `act` does to the book as it is. Raises book.Refusal; changes nothing."""
    match act:
        case Deposit(order):
            world = tables.balance(book.Account("world", order.owner, order.asset))
            change = book.deposit(order, used=tables.order_used(order), supply=tables.supply(order.asset), world=world)
        case Withdrawal(order):
            funds = tables.balance(book.Account("device", order.device, order.asset))
            world = tables.balance(book.Account("world", order.owner, order.asset))
            change = book.withdraw(order, used=tables.order_used(order), funds=funds, world=world)
        case Terms():
            change = book.open_channel(act, funds=tables.balance(book.Account("device", act.payer, act.asset)))
        case Payment():
            change = _payment(tables, act)
        case Closing():
            change = _closing(tables, act)
        case Revoking():
            change = book.revoke(tuple(tables.channels_of(act.device)), act.at)
        case Refunding():
            change = book.refund(_channel(tables, act.channel), act.amount, act.at)
        case Shifting():
            source, target = ends(act, tables.here)
            change = shift(act, tables.here, (tables.balance(source), tables.balance(target)))
        case _:
            change = book.Change()
    return change


def _channel(tables: BatchedTables, digest: bytes) -> book.Channel:
    channel = tables.channel(digest)
    if channel is None:
        raise book.Refusal("unknown_channel", "the ledger holds no such channel: settle its channel-open first")
    return channel


def _payment(tables: BatchedTables, act: Payment) -> book.Change:
    if act.lane is None:
        return book.Change()
    channel = _channel(tables, act.channel)
    old = tables.lane(act.channel, act.number)
    return book.pay(channel, {act.number: act.lane}, {} if old is None else {act.number: old})


def _closing(tables: BatchedTables, act: Closing) -> book.Change:
    if act.contradicts:
        return book.Change()
    channel, claim = _channel(tables, act.channel), act.claim
    if act.by_earlier_key and claim.signer == channel.terms.payee:  # a thief may have it; the window hurts nobody
        claim = claim._replace(lanes=None)
    numbers = [number for number, _ in claim.lanes or ()]
    old = {number: lane for number in numbers if (lane := tables.lane(act.channel, number)) is not None}
    return book.close(claim, channel, old)


def moves(tables: BatchedTables, act: Act, change: book.Change) -> bool:
    """Whether the log has to keep the message: it moves money, or is kept for what it shows.

    A voucher that pays nothing is not kept, nor a close, grant or revocation that changes nothing, or its signer could
    fill the log for nothing; of contradictions, the first.
    """
    if isinstance(act, Ownership):
        return tables.outranks(act.device, act.owner, act.depth, act.granted)
    if isinstance(act, Handover | Obeying | Rotating):
        return is_new(tables, act) if isinstance(act, Rotating) else is_news(tables, act)
    if isinstance(act, Revoking):
        start = tables.revoked_from(act.device)
        return start is None or act.start < start
    if isinstance(act, Payment):
        return bool(change.entries) or (act.contradicts and not tables.contradicted(act.channel, act.number, act.seq))
    return _close_moves(tables, act, change) if isinstance(act, Closing) else True


def _close_moves(tables: BatchedTables, act: Closing, change: book.Change) -> bool:
    if act.by_earlier_key:
        before = _channel(tables, act.channel)
        return bool(change.entries) or before.closed_at is None or change.channels[0].terms != before.terms
    noted = tables.closes_contradict if act.contradicts else tables.closed_by
    return not noted(act.channel, act.claim.signer)


def post(
    tables: BatchedTables, head: Head, posting: Posting, change: book.Change, *, at: int, raw: bytes, proof: bytes
) -> Head:
    """Take a message: a row of the log and its effect.

    Args:
        tables: the ledger's.
        head: the log's last row.
        posting: the message as the ledger takes it.
        change: what `decide` made of it.
        at: now, unix seconds.
        raw: the message as received.
        proof: what was revealed with it and its verdict rests on (`proof.py`), or empty.

    Returns:
        The new head.
    """
    row = follow(head, at, raw, proof, effect_of(tables, change))
    tables.append(row)
    enter(tables, row.n, posting, change)
    return Head(row.n, row.hash)


def enter(tables: BatchedTables, n: int, posting: Posting, change: book.Change) -> None:
    """Bring the views up to date with row `n` of a log."""
    act = posting.act
    tables.remember(n, posting.digest, posting.kind)
    tables.apply(n, change)
    match act:
        case Certifying(kid):
            tables.certify(n, kid)
        case Deposit(order) | Withdrawal(order):
            tables.use_order(n, order)
        case Ownership():
            tables.set_owner(n, act.device, act.owner, act.depth, act.granted)
        case Handover() | Obeying():
            owning.enter(tables, n, act)
        case Revoking():
            tables.revoke(n, act.device, act.start)
        case Payment(contradicts=True):
            tables.contradict_voucher(n, act.channel, act.number, act.seq)
        case Payment():
            tables.number(n, act.channel, act.number, act.seq, posting.digest)
        case Closing(by_earlier_key=False):
            tables.note_close(n, act.channel, act.claim.signer, contradicts=act.contradicts)
        case Rotating():
            note(tables, n, act)
        case _:
            pass
