"""The rules of a voucher, in the order in which their codes are looked for.

An amount is cumulative in its lane. A lane's promise is its amount and all its ticks; what it has redeemed is
its amount and the ticks revealed to this checker. A merge takes over what other lanes redeemed and zeroes
them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..wire.certificates import Fault
from ..wire.messages import ChannelOpen, Voucher
from .policy import Policy
from .ticks import MAX_TICKS, tick_holds


class Lane(NamedTuple):
    """The best seq taken in a lane, what is redeemed there and what is promised at most (smallest units)."""

    seq: int
    redeemed: int
    promised: int


@dataclass(slots=True)
class Channel:
    """An open channel and its lanes."""

    terms: ChannelOpen
    lanes: dict[int, Lane] = field(default_factory=dict)

    def take(self, voucher: Voucher, revealed: int) -> None:
        """Move the lanes as an accepted voucher says; `revealed` is how many of its ticks are."""
        for lane, seq in voucher.merges or ():
            self.lanes[lane] = Lane(seq, 0, 0)
        value = 0 if voucher.ticks is None else voucher.ticks.value
        redeemed = voucher.amount + value * revealed
        self.lanes[voucher.lane] = Lane(voucher.seq, redeemed, promised(voucher))


def promised(voucher: Voucher) -> int:
    """The most a voucher can come to: its amount and all its ticks."""
    return voucher.amount + (voucher.ticks.value * voucher.ticks.count if voucher.ticks else 0)


@dataclass(frozen=True, slots=True)
class Case:
    """A voucher, who signed it, and what is known.

    channel: None if it is not open in the bundle. unlocked: SHA-256 of every secret given.
    """

    voucher: Voucher
    signer: bytes
    channel: Channel | None
    policy: Policy
    unlocked: frozenset[bytes]

    @property
    def of_payer(self) -> bool:
        """Whether the voucher is the payer's in a known channel."""
        return self.channel is not None and self.signer == self.channel.terms.payer

    @property
    def lanes(self) -> dict[int, Lane]:
        """The lanes so far."""
        return {} if self.channel is None else self.channel.lanes

    @property
    def merged(self) -> set[int]:
        """The numbers of the lanes it merges."""
        return {lane for lane, _ in self.voucher.merges or ()}

    @property
    def revealed(self) -> int:
        """How many of its ticks were revealed."""
        ticks = self.voucher.ticks
        return 0 if ticks is None else self.policy.ticks.get(ticks.root, (0, b""))[0]


def _replay(case: Case) -> Fault | None:
    lane = case.lanes.get(case.voucher.lane)
    if case.of_payer and lane is not None and case.voucher.seq <= lane.seq:
        return Fault("replay", f"seq {case.voucher.seq} where the lane stands at {lane.seq}")
    return None


def _not_yet_valid(case: Case) -> Fault | None:
    begins = case.voucher.not_before
    if begins is not None and case.policy.now() < begins:
        return Fault("not_yet_valid", f"it begins to hold at {begins}")
    return None


def _expired(case: Case) -> Fault | None:
    now, ends = case.policy.now(), case.voucher.not_after
    if ends is not None and now > ends:
        return Fault("expired", f"it held until {ends}")
    if case.channel is not None and now >= case.channel.terms.expires:
        return Fault("expired", f"its channel expired at {case.channel.terms.expires}")
    return None


def _unknown_channel(case: Case) -> Fault | None:
    if case.channel is None:
        return Fault("unknown_channel", "the channel it names is not open in this bundle before it")
    return None


def _not_a_party(case: Case) -> Fault | None:
    return None if case.of_payer else Fault("not_a_party", "vouchers are the payer's to sign, and another key did")


def _over_capacity(case: Case) -> Fault | None:
    if case.channel is None:
        return None
    gone = case.merged | {case.voucher.lane}
    total = promised(case.voucher) + sum(lane.promised for number, lane in case.lanes.items() if number not in gone)
    capacity = case.channel.terms.capacity
    if total > capacity:
        return Fault("over_capacity", f"it makes {total} in all lanes where the capacity is {capacity}")
    return None


def _amount_decreased(case: Case) -> Fault | None:
    taken = case.merged | {case.voucher.lane}
    before = sum(lane.redeemed for number, lane in case.lanes.items() if number in taken)
    if case.voucher.amount < before:
        return Fault("amount_decreased", f"{case.voucher.amount} where {before} is redeemed already")
    return None


def _lock_missing(case: Case) -> Fault | None:
    lock = case.voucher.hash_lock
    if lock is not None and lock not in case.unlocked:
        return Fault("lock_missing", "it is locked and no secret given opens it")
    return None


def _bad_merge(case: Case) -> Fault | None:
    merges = case.voucher.merges or ()
    if len(case.merged) != len(merges):
        return Fault("bad_merge", "it merges a lane twice")
    for number, seq in merges:
        lane = case.lanes.get(number)
        if number == case.voucher.lane or lane is None:
            return Fault("bad_merge", f"lane {number} is its own or unknown")
        if seq < lane.seq:
            return Fault("bad_merge", f"it merges lane {number} at {seq}, which stands at {lane.seq}")
    return None


def _bad_tick(case: Case) -> Fault | None:
    ticks = case.voucher.ticks
    if ticks is None:
        return None
    if not 1 <= ticks.count <= MAX_TICKS:
        return Fault("bad_tick", f"{ticks.count} ticks, where 1 to {MAX_TICKS} are possible")
    best = case.policy.ticks.get(ticks.root)
    if best is not None and not tick_holds(ticks, *best):
        return Fault("bad_tick", f"tick {best[0]} does not hash to the root of the chain")
    return None


_RULES: Final[tuple[Callable[[Case], Fault | None], ...]] = (
    _replay,
    _not_yet_valid,
    _expired,
    _unknown_channel,
    _not_a_party,
    _over_capacity,
    _amount_decreased,
    _lock_missing,
    _bad_merge,
    _bad_tick,
)


def voucher_fault(case: Case) -> Fault | None:
    """The first rule that the voucher breaks, if any."""
    return next((fault for rule in _RULES if (fault := rule(case)) is not None), None)
