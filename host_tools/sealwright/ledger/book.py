"""The rules of the book, on plain values: what a deposit, an open, a voucher and a close do to the accounts.

Purpose: decide whether a message whose signatures already hold may move money, and which entries it makes.
Pure functions: what they need of the past is passed in, what they change is handed back, nothing is stored.
Limits: amounts are integers of the asset's smallest unit; one asset's supply stays below 2**63, so that no
balance can overflow a 64-bit column. The dispute window of a channel is not waited for.

Always true of every change made here: its entries sum to 0; for its channel paid + refunded + remaining =
deposited and paid = the sum over its lanes; no lane's amount falls but that of a merged lane, which becomes
0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

AMOUNT_LIMIT = 2**63  # the schema's `amount` ends below it, and so does a BIGINT column

Kind = Literal["channel", "device", "world"]


class Refusal(Exception):
    """A rule forbids the message. `code` is a verdict code, `why` says what to do about it."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


class Account(NamedTuple):
    """Whose money: a device (its id), a channel (its digest) or the world (the owner who brought it)."""

    kind: Kind
    name: bytes
    asset: str


class Entry(NamedTuple):
    """One leg of a change: `amount` is added to `account` (smallest units, negative when it is taken)."""

    account: Account
    amount: int


class Lane(NamedTuple):
    """One lane: its best `seq`, the `amount` redeemed, the most `promised`, the voucher that set them."""

    seq: int
    amount: int
    promised: int
    voucher: bytes


class Deposit(NamedTuple):
    """An owner's order to credit `device`; `seq` is used once per owner and device."""

    owner: bytes
    device: bytes
    seq: int
    asset: str
    amount: int


class Voucher(NamedTuple):
    """A payment voucher. `amount` is cumulative; `worth` counts the ticks revealed so far, `promised` all."""

    digest: bytes
    channel: bytes
    lane: int
    seq: int
    amount: int
    worth: int
    promised: int
    merges: tuple[tuple[int, int], ...] = ()


class Close(NamedTuple):
    """A request by `signer` (a device id) to close `channel` at unix time `at`, by the ledger's clock."""

    channel: bytes
    signer: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and its deposit: `paid` to the payee, `refunded` to the payer, the rest remains.

    `promised` is what its lanes come to when all ticks are revealed: never more than `deposited`.
    """

    digest: bytes
    payer: bytes
    payee: bytes
    asset: str
    deposited: int
    expires: int
    paid: int = 0
    promised: int = 0
    refunded: int = 0
    closed: bool = False

    @property
    def remaining(self) -> int:
        """What the channel's account still holds, in the asset's smallest unit."""
        return self.deposited - self.paid - self.refunded

    @property
    def account(self) -> Account:
        """The account that holds the channel's money."""
        return Account("channel", self.digest, self.asset)


@dataclass(frozen=True, slots=True)
class Change:
    """What a message does: its entries (sum 0), the channel as it is afterwards, and the lanes it sets."""

    entries: tuple[Entry, ...]
    channel: Channel | None = None
    lanes: Mapping[int, Lane] = field(default_factory=dict)


def move(source: Account, target: Account, amount: int) -> tuple[Entry, ...]:
    """Two entries that take `amount` from `source` and give it to `target`; none when it is 0."""
    if amount < 0:
        raise ValueError("money moves forwards only")
    return (Entry(source, -amount), Entry(target, amount)) if amount else ()


def deposit(order: Deposit, *, used: bool, supply: int) -> Change:
    """Money enters. `used`: this owner spent `order.seq` on this device; `supply`: all of the asset so far.

    Raises:
        Refusal: `replay` (the number is used), `bad_deposit` (not a positive amount), `over_supply`.
    """
    if used:
        raise Refusal("replay", "this owner used this number for this device before: sign the deposit with a new one")
    if not 0 < order.amount < AMOUNT_LIMIT or not order.asset:
        raise Refusal("bad_deposit", "a deposit needs a named asset and an amount from 1 to 2**63 - 1")
    if supply + order.amount >= AMOUNT_LIMIT:
        raise Refusal("over_supply", "all deposits of one asset must stay below 2**63: use a larger unit")
    world = Account("world", order.owner, order.asset)
    return Change(move(world, Account("device", order.device, order.asset), order.amount))


def open_channel(offer: Channel, *, funds: int) -> Change:
    """Lock the capacity. `offer`: what the payer signed; `funds`: the payer's balance in its asset.

    Raises:
        Refusal: `unfunded`.
    """
    if offer.deposited > funds:
        why = f"the payer has {funds} of {offer.asset} and this locks {offer.deposited}: deposit the rest first"
        raise Refusal("unfunded", why)
    fresh = replace(offer, paid=0, promised=0, refunded=0, closed=False)
    payer = Account("device", offer.payer, offer.asset)
    return Change(move(payer, offer.account, offer.deposited), fresh)


def redeem(voucher: Voucher, channel: Channel | None, lanes: Mapping[int, Lane]) -> Change:
    """Pay what a voucher is worth beyond what its lane, and the lanes it merges, have redeemed.

    Args:
        voucher: what the payer signed.
        channel: the channel it names, or None if the ledger never opened it.
        lanes: at least the voucher's lane and those it merges, where they exist.

    Raises:
        Refusal: `unknown_channel`, `replay`, `over_capacity`, `amount_decreased`, `bad_merge`, `closed`.
    """
    channel = _known(channel)
    lane = lanes.get(voucher.lane)
    if lane is not None and is_further(voucher, lane):
        # its amount and its merges were taken when it came first; the lane is as it left it
        voucher = voucher._replace(merges=(), amount=lane.amount)
    elif lane is not None and voucher.seq <= lane.seq:
        why = f"the lane stands at seq {lane.seq} and this voucher has {voucher.seq}: settle the newest"
        raise Refusal("replay", why)
    taken = [lanes[n] for n in {voucher.lane, *(n for n, _ in voucher.merges)} if n in lanes]
    redeemed = sum(lane.amount for lane in taken)
    promised = channel.promised - sum(lane.promised for lane in taken) + voucher.promised
    if promised > channel.deposited:
        raise Refusal("over_capacity", f"its lanes come to {promised}, the channel has {channel.deposited}")
    if voucher.amount < redeemed:
        raise Refusal("amount_decreased", f"it says {voucher.amount} and {redeemed} is redeemed already")
    after = _merged(voucher, lanes)
    _still_open(channel)
    after[voucher.lane] = Lane(voucher.seq, voucher.worth, voucher.promised, voucher.digest)
    gain = voucher.worth - redeemed
    payee = Account("device", channel.payee, channel.asset)
    paid = replace(channel, paid=channel.paid + gain, promised=promised)
    return Change(move(channel.account, payee, gain), paid, after)


def is_further(voucher: Voucher, lane: Lane) -> bool:
    """Whether it is the voucher its lane stands at, with more of its ticks revealed than before."""
    return voucher.digest == lane.voucher and voucher.seq == lane.seq and voucher.worth > lane.amount


def close(request: Close, channel: Channel | None) -> Change:
    """Refund what remains and end the channel: for the payee at any time, for the payer once it expired.

    Raises:
        Refusal: `unknown_channel`, `not_a_party`, `closed`, `too_early`.
    """
    channel = _known(channel)
    if request.signer not in (channel.payer, channel.payee):
        raise Refusal("not_a_party", "only the channel's payer or payee may close it")
    _still_open(channel)
    if request.signer != channel.payee and request.at < channel.expires:
        why = f"the payer may close it from {channel.expires} on, the payee at any time; it is {request.at}"
        raise Refusal("too_early", why)
    rest = channel.remaining
    after = replace(channel, refunded=channel.refunded + rest, closed=True)
    return Change(move(channel.account, Account("device", channel.payer, channel.asset), rest), after)


def _known(channel: Channel | None) -> Channel:
    if channel is None:
        raise Refusal("unknown_channel", "the ledger holds no such channel: settle its channel-open first")
    return channel


def _still_open(channel: Channel) -> None:
    if channel.closed:
        raise Refusal("closed", "the channel is closed and its rest refunded: it pays nothing more")


def _merged(voucher: Voucher, lanes: Mapping[int, Lane]) -> dict[int, Lane]:
    """The merged lanes, each at 0 and at its merge seq, so that older vouchers in them are void."""
    after: dict[int, Lane] = {}
    for number, seq in voucher.merges:
        old = lanes.get(number)
        if number == voucher.lane or number in after:
            raise Refusal("bad_merge", f"lane {number} is merged into itself or twice")
        if old is None:
            raise Refusal("bad_merge", f"lane {number} has redeemed nothing yet: settle its vouchers first")
        if seq < old.seq:
            raise Refusal("bad_merge", f"lane {number} stands at seq {old.seq}, beyond the merge's {seq}")
        after[number] = Lane(seq, 0, 0, voucher.digest)
    return after
