"""What a ledger in shards writes into its logs itself: which shard a log is, and money that goes to another one.

A device has an account in each shard. What goes from one to the other stands in both logs, by the same message, which
names both rows: the device's account gives it, and the account of the other shard takes it, or the other way round. So
the entries of each row sum to 0 in each log, and what two shards say of each other does together.
"""

from dataclasses import dataclass

from ..wire.messages import Division, Place, Shift
from . import book

_SIZE = 4  # bytes of a shard's number


@dataclass(frozen=True, slots=True)
class Dividing:
    """From here on the log is shard `number` of `of`; it moves nothing."""

    number: int
    of: int
    at: int


@dataclass(frozen=True, slots=True)
class Shifting:
    """`amount` of the device's money goes from one shard to another; `source` and `target` name its rows."""

    device: bytes
    asset: str
    amount: int
    source: Place
    target: Place
    at: int


def act_in_shards(body: Division | Shift) -> Dividing | Shifting:
    """What the message asks of the ledger that signed it."""
    if isinstance(body, Division):
        return Dividing(body.number, body.of, body.divided_at)
    return Shifting(body.device, body.asset, body.amount, body.source, body.target, body.shifted_at)


def beyond(shard: int, asset: str) -> book.Account:
    """The account for what other shards have: below 0 what came from there."""
    return book.Account("shard", shard.to_bytes(_SIZE, "big"), asset)


def ends(act: Shifting, here: int | None) -> tuple[book.Account, book.Account]:
    """The accounts that give and take in the log of shard `here`."""
    device = book.Account("device", act.device, act.asset)
    if here == act.source.shard:
        return device, beyond(act.target.shard, act.asset)
    return beyond(act.source.shard, act.asset), device


def shift(act: Shifting, here: int | None, held: tuple[int, int]) -> book.Change:
    """Move the money, as far as the log of shard `here` shows. held: what the accounts of `ends` have.

    Raises:
        Refusal: `unfunded` (the device has less there), `over_supply` (too much went one way).
    """
    source, target = ends(act, here)
    if source.kind == "device" and act.amount > held[0]:
        raise book.Refusal("unfunded", f"the device has {held[0]} of {act.asset} in this shard")
    if max(held[1] + act.amount, act.amount - held[0]) >= book.AMOUNT_LIMIT:
        raise book.Refusal("over_supply", "all that goes from one shard to another must stay below 2**63")
    return book.Change(book.move(source, target, act.amount))
