"""One message into the log and the views, or not at all: the step that settling and audit share.

Purpose: bring together the rules (`book`), what they need of the past (`tables`) and the chain.
Limits: signatures are checked before, by the caller; runs inside the caller's transaction, and everything
that may refuse comes before the first write.
"""

from dataclasses import dataclass
from typing import TypeAlias

from . import book
from .chain import Head, follow
from .store.tables import Tables

Act: TypeAlias = book.Deposit | book.Channel | book.Voucher | book.Close


@dataclass(frozen=True, slots=True)
class Posting:
    """A message whose signature holds, as the ledger takes it: its digest, its type, and what it asks for.

    `act` is None for a certificate, which moves nothing; then `kid` is its subject's key hint.
    """

    digest: bytes
    kind: str
    act: Act | None = None
    kid: bytes = b""


def decide(tables: Tables, act: Act) -> book.Change:
    """What `act` does to the book as it is. Raises book.Refusal; changes nothing."""
    if isinstance(act, book.Deposit):
        return book.deposit(act, used=tables.order_used(act), supply=tables.supply(act.asset))
    if isinstance(act, book.Channel):
        funds = tables.balance(book.Account("device", act.payer, act.asset))
        return book.open_channel(act, funds=funds)
    if isinstance(act, book.Voucher):
        numbers = {act.lane, *(lane for lane, _ in act.merges)}
        return book.redeem(act, tables.channel(act.channel), tables.lanes(act.channel, numbers))
    return book.close(act, tables.channel(act.channel))


def settled_before(tables: Tables, posting: Posting) -> int | None:
    """The row this message was taken in, if taking it again can do nothing more; else None.

    A voucher may come again with more of its ticks revealed.
    """
    row = tables.row_of(posting.digest)
    if row is None or not isinstance(posting.act, book.Voucher):
        return row
    voucher = posting.act
    lane = tables.lanes(voucher.channel, (voucher.lane,)).get(voucher.lane)
    return None if lane is not None and book.is_further(voucher, lane) else row


def rebuild(tables: Tables, n: int, posting: Posting) -> None:
    """Bring the views up to date with row `n` of a log. Raises book.Refusal before it changes anything."""
    _enter(tables, n, posting, _change(tables, posting))


def post(tables: Tables, head: Head, posting: Posting, *, at: int, raw: bytes, proof: bytes) -> Head:
    """Take a message: a row of the log and its effect.

    Args:
        tables: the ledger's.
        head: the log's last row.
        posting: the message as the ledger takes it.
        at: now, unix seconds.
        raw: the message as received.
        proof: what was revealed with it and its verdict rests on (`proof.py`), or empty.

    Returns:
        The new head.

    Raises:
        book.Refusal: before anything is changed.
    """
    change = _change(tables, posting)
    row = follow(head, at, raw, proof)
    tables.append(row)
    _enter(tables, row.n, posting, change)
    return Head(row.n, row.hash)


def _change(tables: Tables, posting: Posting) -> book.Change | None:
    return None if posting.act is None else decide(tables, posting.act)


def _enter(tables: Tables, n: int, posting: Posting, change: book.Change | None) -> None:
    tables.remember(n, posting.digest, posting.kind)
    if change is None:
        tables.certify(n, posting.kid)
        return
    if isinstance(posting.act, book.Deposit):
        tables.use_order(n, posting.act)
    tables.apply(n, change)
