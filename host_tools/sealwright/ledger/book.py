"""The rules of the book, on plain values: what a deposit, an open, a voucher, a close and a refund do to the accounts.

Purpose: decide which entries a message makes whose signature and form already hold (`verify.channels` has those rules).
Pure functions: what they need of the past is passed in, what they change is handed back, nothing is stored.
Limits: amounts are integers of the asset's smallest unit; one asset's supply stays below 2**63, so that no
balance can overflow a 64-bit column.

Always true of every change made here: its entries sum to 0; for its channel paid + refunded + remaining = capacity;
paid = min(limit, worth), and neither paid nor any lane's worth ever falls.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from ..verify.memory import Lane, Terms
from ..wire.times import utc

AMOUNT_LIMIT = 2**63  # the schema's `amount` ends below it, and so does a BIGINT column

Kind = Literal["channel", "device", "world", "shard"]


class Refusal(Exception):
    """A rule forbids the message. `code` is a verdict code, `why` says what to do about it."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


class Account(NamedTuple):
    """Whose money: a device (its id), a channel (its digest), the world (the owner who brought or took it) or another
    shard (its number, see `sharding`)."""

    kind: Kind
    name: bytes
    asset: str


class Entry(NamedTuple):
    """One leg of a change: `amount` is added to `account` (smallest units, negative when it is taken)."""

    account: Account
    amount: int


class Transfer(NamedTuple):
    """An owner's order for money of `device` to enter or leave; `seq` is used once per owner and device."""

    owner: bytes
    device: bytes
    seq: int
    asset: str
    amount: int


class Claim(NamedTuple):
    """A party's close, by the ledger's clock at unix time `at`; `lanes` is what it claims by lane, or None."""

    signer: bytes
    at: int
    lanes: tuple[tuple[int, Lane], ...] | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and its money: `paid` to the payee, `refunded` to the payer, the rest remains.

    worth: the sum of its lanes' worths. limit: the most it can pay: its capacity, or what its payee claimed.
    closed_at: when the first close or revocation came, unix seconds, None while it is open.
    """

    terms: Terms
    limit: int
    worth: int = 0
    paid: int = 0
    refunded: int = 0
    closed_at: int | None = None

    @property
    def digest(self) -> bytes:
        """The channel's name."""
        return self.terms.digest

    @property
    def capacity(self) -> int:
        """What was locked."""
        return self.terms.capacity

    @property
    def payer(self) -> bytes:
        """32 bytes: who pays."""
        return self.terms.payer

    @property
    def payee(self) -> bytes:
        """32 bytes: who is paid."""
        return self.terms.payee

    @property
    def asset(self) -> str:
        """What is paid."""
        return self.terms.asset

    @property
    def closed(self) -> bool:
        """Whether its end has begun, or nothing is left in it."""
        return self.closed_at is not None or self.remaining == 0

    @property
    def remaining(self) -> int:
        """What the channel's account still holds, in the asset's smallest unit."""
        return self.terms.capacity - self.paid - self.refunded

    @property
    def account(self) -> Account:
        """The account that holds the channel's money."""
        return Account("channel", self.terms.digest, self.terms.asset)

    def account_of(self, device: bytes) -> Account:
        """A party's account in the channel's asset."""
        return Account("device", device, self.terms.asset)


@dataclass(frozen=True, slots=True)
class Change:
    """What a message does: its entries (sum 0), the channels as they are afterwards, lanes of `channels[0]`."""

    entries: tuple[Entry, ...] = ()
    channels: tuple[Channel, ...] = ()
    lanes: Mapping[int, Lane] = field(default_factory=dict)


def move(source: Account, target: Account, amount: int) -> tuple[Entry, ...]:
    """Two entries that take `amount` from `source` and give it to `target`; none when it is 0."""
    if amount < 0:
        raise ValueError("money moves forwards only")
    return (Entry(source, -amount), Entry(target, amount)) if amount else ()


def deposit(order: Transfer, *, used: bool, supply: int, world: int) -> Change:
    """Money enters. `used`: this owner spent `order.seq` on this device; `supply`: all of the asset in the ledger;
    `world`: the balance of the owner's account for money outside.

    Raises:
        Refusal: `replay` (the number is used), `bad_deposit` (not a positive amount), `over_supply`.
    """
    if used:
        raise Refusal("replay", "this owner used this number for this device before: sign the deposit with a new one")
    if not 0 < order.amount < AMOUNT_LIMIT:
        raise Refusal("bad_deposit", "a deposit has an amount from 1 to 2**63 - 1")
    if max(supply, -world) + order.amount >= AMOUNT_LIMIT:
        raise Refusal("over_supply", "all deposits of one asset must stay below 2**63: use a larger unit")
    outside = Account("world", order.owner, order.asset)
    return Change(move(outside, Account("device", order.device, order.asset), order.amount))


def withdraw(order: Transfer, *, used: bool, funds: int, world: int) -> Change:
    """Money leaves. `funds`: what the device has that no channel holds; `world`: as for a deposit.

    Raises:
        Refusal: `replay` (the number is used), `bad_withdrawal` (not a positive amount), `unfunded`, `over_supply`.
    """
    if used:
        raise Refusal("replay", "this owner used this number for this device before: sign the withdrawal anew")
    if order.amount < 1:
        raise Refusal("bad_withdrawal", "a withdrawal has an amount from 1 on")
    if order.amount > funds:
        why = f"the device has {funds} of {order.asset} outside its channels: withdraw at most that"
        raise Refusal("unfunded", why)
    if world + order.amount >= AMOUNT_LIMIT:
        raise Refusal("over_supply", "all that one owner takes out of one asset must stay below 2**63")
    device = Account("device", order.device, order.asset)
    return Change(move(device, Account("world", order.owner, order.asset), order.amount))


def open_channel(terms: Terms, *, funds: int) -> Change:
    """Lock the capacity. `funds`: the payer's balance in its asset. Raises Refusal: `unfunded`."""
    if terms.capacity < 1:
        raise Refusal("unfunded", "a channel that locks nothing pays nothing: open one with a capacity")
    if terms.capacity > funds:
        why = f"the payer has {funds} of {terms.asset} and this locks {terms.capacity}: deposit the rest first"
        raise Refusal("unfunded", why)
    channel = Channel(replace(terms, funded=True), limit=terms.capacity)
    return Change(move(channel.account_of(channel.terms.payer), channel.account, terms.capacity), (channel,))


def pay(channel: Channel, lanes: Mapping[int, Lane], old: Mapping[int, Lane]) -> Change:
    """Raise lanes and pay at once what the channel owes more by that.

    lanes: the lanes as they are afterwards, each worth more than in `old`.
    """
    rise = sum(lane.worth - (old[number].worth if number in old else 0) for number, lane in lanes.items())
    worth = channel.worth + rise
    due = max(0, min(channel.limit, worth) - channel.paid)
    # not `replace`, which takes as long as all the rest: every voucher comes here
    after = Channel(channel.terms, channel.limit, worth, channel.paid + due, channel.refunded, channel.closed_at)
    return Change(move(channel.account, channel.account_of(channel.terms.payee), due), (after,), lanes)


def close(claim: Claim, channel: Channel, old: Mapping[int, Lane]) -> Change:
    """Begin a channel's end: the claim stays open for the window, and no longer than expiry + window.

    A payee that claims by name gives up the rest, which is refunded at once. A payer that claims pays what it claims.
    old: the lanes that the close claims in, as they are.
    """
    end = min(channel.terms.claim_end, claim.at + channel.terms.window)
    at = claim.at if channel.closed_at is None else channel.closed_at
    channel = replace(channel, terms=replace(channel.terms, claim_end=end), closed_at=at)
    if claim.lanes is None:
        return Change(channels=(channel,))
    if claim.signer == channel.terms.payee:
        total = sum(lane.worth for _, lane in claim.lanes)
        limit = min(channel.limit, max(total, channel.paid))
        back = channel.limit - limit
        after = replace(channel, limit=limit, refunded=channel.refunded + back)
        return Change(move(channel.account, channel.account_of(channel.terms.payer), back), (after,))
    raised = {n: lane for n, lane in claim.lanes if n not in old or lane.worth > old[n].worth}
    return pay(channel, raised, old)


def revoke(channels: tuple[Channel, ...], at: int) -> Change:
    """A payer was revoked at unix time `at`: the window of each of its channels opens."""
    return Change(channels=tuple(close(Claim(b"", at), channel, {}).channels[0] for channel in channels))


def refund(channel: Channel, amount: int, at: int) -> Change:
    """Give the payer the rest, once the claim has ended.

    Raises:
        Refusal: `not_yet_valid` (the claim has not ended), `over_capacity` (another amount remains).
    """
    if at < channel.terms.claim_end:
        raise Refusal("not_yet_valid", f"the claim ends at {utc(channel.terms.claim_end)}")
    if amount != channel.remaining or amount < 1:
        raise Refusal("over_capacity", f"{channel.remaining} remains in the channel")
    after = replace(channel, refunded=channel.refunded + amount)
    return Change(move(channel.account, channel.account_of(channel.terms.payer), amount), (after,))
