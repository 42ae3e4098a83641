"""The rules of channels, once for all: a bundle's verifier and the ledger judge by these functions and no others.

Each rule takes what it reads and returns a finding; nothing here is stored. The law (ARCHITECTURE.md, "Settlement"):
a payer's signature can only raise what it owes. A lane is worth the most that any accepted voucher of it is worth,
whatever its seq and whenever it came; capacity caps what is paid and turns no voucher away; a claim ends at
expiry + window, or sooner at close + window.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..wire.certificates import Fault
from ..wire.messages import ChannelClose, ChannelOpen, Receipt, Voucher
from ..wire.messages import Ticks as TickChain
from ..wire.times import utc
from .codes import EQUIVOCATION, SUPERSEDED
from .finding import Finding
from .memory import FAR, Lane, Memory, Terms
from .ticks import MAX_TICKS, tick_holds

MAX_LANES: Final = 64
MAX_WINDOW: Final = 400 * 86400  # seconds: no deposit is locked for ever; no device opens a channel for longer
LEAST_WINDOW: Final = 3 * 86400  # seconds: an honest end needs no window, so a long one costs nobody
# faults that may pass once more has come: what a message rests on, a better certificate, a ledger's funding
WAITING: Final = frozenset(
    {
        "unknown_channel",
        "unknown_signer",
        "receipt_mismatch",
        "bad_certificate",
        "expired_certificate",
        "revoked",
        "wrong_network",
        "custody_too_low",
        "superseded_key",
    }
)
_AS_OF_AN_OLD_KEY: Final = (
    "its device has rotated this key away: it opens the window and gives nothing up. For a refund at once settle what "
    "`sealwright collect` brings from the device, signed by its key of now"
)

Ticks = Mapping[bytes, tuple[int, bytes]]  # chain root -> number of the best tick revealed and the tick, 32 bytes


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a rule knows beside the message: the time (unix seconds), the locks that are open, the ticks revealed."""

    now: int
    unlocked: frozenset[bytes] = frozenset()
    ticks: Ticks = field(default_factory=dict)


def terms_of(body: ChannelOpen, digest: bytes, *, least_window: int, funded: bool = False) -> Terms:
    """The terms of a channel. least_window: the least dispute window in force, seconds."""
    window = min(max(body.dispute_window or 0, least_window), MAX_WINDOW)
    return Terms(
        digest=digest,
        payer=body.payer,
        payee=body.payee,
        asset=body.asset,
        capacity=body.capacity,
        expires=body.expires,
        window=window,
        ledger=body.ledger,
        claim_end=min(body.expires + window, FAR),
        funded=funded,
    )


def judge_open(body: ChannelOpen, terms: Terms, signer: bytes, now: int) -> Fault | None:
    """Faults: expired (the claim has ended), not_a_party."""
    if now >= terms.claim_end:
        return Fault("expired", f"the claim in this channel ended at {utc(terms.claim_end)}")
    if signer != body.payer:
        return Fault("not_a_party", "a channel is opened by its payer, and another key signed")
    return None


def worth_of(voucher: Voucher, ticks: Ticks) -> int:
    """What a voucher pays: its amount, and the value of every tick that was revealed."""
    if voucher.ticks is None:
        return voucher.amount
    return voucher.amount + voucher.ticks.value * ticks.get(voucher.ticks.root, (0, b""))[0]


def judge_voucher(
    voucher: Voucher, digest: bytes, signer: bytes, known: Memory, circumstances: Circumstances
) -> Finding:
    """Judge a voucher whose signature by `signer` (a device id) holds.

    Faults: not_yet_valid, expired, unknown_channel, not_a_party, lock_missing, bad_merge, bad_lane, bad_tick,
    equivocation, amount_decreased. Note: superseded.
    """
    terms = known.channel(voucher.channel)
    fault = _validity(voucher, terms, circumstances.now)
    if fault is None and terms is None:
        fault = Fault("unknown_channel", "its channel is not known here yet")
    if fault is not None or terms is None:
        return Finding(fault)
    if signer != terms.payer:
        return Finding(Fault("not_a_party", "vouchers are the payer's to sign, and another key did"))
    fault = _shape(voucher, circumstances)
    if fault is not None:
        return Finding(fault)
    return _compare(voucher, digest, terms, known, worth_of(voucher, circumstances.ticks))


def _validity(voucher: Voucher, terms: Terms | None, now: int) -> Fault | None:
    if voucher.not_before is not None and now < voucher.not_before:
        return Fault("not_yet_valid", f"it begins to hold at {utc(voucher.not_before)}")
    if voucher.not_after is not None and now > voucher.not_after:
        return Fault("expired", f"it held until {utc(voucher.not_after)}")
    if terms is not None and now >= terms.claim_end:
        return Fault("expired", f"the claim in its channel ended at {utc(terms.claim_end)}")
    return None


def _shape(voucher: Voucher, circumstances: Circumstances) -> Fault | None:
    """What the voucher says of itself and cannot be settled."""
    if voucher.hash_lock is not None and voucher.hash_lock not in circumstances.unlocked:
        return Fault("lock_missing", "it is locked and no secret given opens it")
    if voucher.merges:
        return Fault("bad_merge", "it merges other lanes, and what such a voucher is worth would depend on the order")
    if voucher.lane >= MAX_LANES:
        return Fault("bad_lane", f"lane {voucher.lane}, where a channel has lanes 0 to {MAX_LANES - 1}")
    return None if voucher.ticks is None else _chain_fault(voucher.ticks, circumstances)


def _chain_fault(ticks: TickChain, circumstances: Circumstances) -> Fault | None:
    if not 1 <= ticks.count <= MAX_TICKS:
        return Fault("bad_tick", f"{ticks.count} ticks, where 1 to {MAX_TICKS} are possible")
    best = circumstances.ticks.get(ticks.root)
    if best is not None and not tick_holds(ticks, *best):
        return Fault("bad_tick", f"tick {best[0]} does not hash to the root of the chain")
    return None


def _compare(voucher: Voucher, digest: bytes, terms: Terms, known: Memory, worth: int) -> Finding:
    """The voucher beside the best of its lane: the higher worth stays, whatever the numbers say."""
    best = known.lane(voucher.channel, voucher.lane)
    raised = Lane(voucher.seq, worth, digest) if best is None or worth > best.worth else None
    other = known.numbered(voucher.channel, voucher.lane, voucher.seq)
    if other is not None and other != digest:
        why = f"its payer signed another voucher with number {voucher.seq} of lane {voucher.lane}; the higher counts"
        return Finding(Fault(EQUIVOCATION, why), lane=raised)
    if best is None:
        return Finding(lane=raised)
    if raised is not None:
        note = None
        if voucher.seq < best.seq:
            note = Fault("ok", f"number {voucher.seq} pays more than number {best.seq} of its lane, and counts")
        return Finding(note=note, lane=raised)
    if voucher.seq > best.seq and worth < best.worth:
        why = f"number {voucher.seq} says {worth} where number {best.seq} says {best.worth}; nothing moves"
        return Finding(Fault("amount_decreased", why))
    if digest == best.voucher or voucher.seq > best.seq:
        return Finding()
    return Finding(note=Fault(SUPERSEDED, f"number {best.seq} of its lane pays as much or more: nothing moves"))


def judge_receipt(body: Receipt, signer: bytes, known: Memory) -> Fault | None:
    """Faults: unknown_channel, not_a_party, receipt_mismatch, bad_tick."""
    terms = known.channel(body.channel)
    if terms is None:
        return Fault("unknown_channel", "its channel is not known here yet")
    if signer != terms.payee:
        return Fault("not_a_party", "a receipt is the payee's to give, and another key signed")
    voucher = known.acknowledged(body)
    said = (body.channel, body.lane, body.seq, body.amount)
    if voucher is None or (voucher.channel, voucher.lane, voucher.seq, voucher.amount) != said:
        return Fault("receipt_mismatch", "the voucher it acknowledges is not known here yet, or says something else")
    if body.tick is not None and (voucher.ticks is None or not tick_holds(voucher.ticks, *body.tick)):
        return Fault("bad_tick", "the tick it reveals is not of its voucher's chain")
    return None


def judge_close(body: ChannelClose, signer: bytes, known: Memory, now: int, *, by_earlier_key: bool = False) -> Finding:
    """Judge a close whose signature by `signer` (a device id) holds. by_earlier_key: by a key that the party has
    rotated away, so perhaps a thief's: it opens the window, and whatever it claims gives nothing up.

    Faults: unknown_channel, not_a_party, expired, equivocation (this party's first close claims otherwise).
    """
    terms = known.channel(body.channel)
    if terms is None:
        return Finding(Fault("unknown_channel", "its channel is not known here yet"))
    if signer not in (terms.payer, terms.payee):
        return Finding(Fault("not_a_party", "only payer or payee closes a channel, and another key signed"))
    if now >= terms.claim_end:
        return Finding(Fault("expired", f"the claim in its channel ended at {utc(terms.claim_end)}"))
    if by_earlier_key:
        gives_up = signer == terms.payee and body.claims is not None
        return Finding(note=Fault("ok", _AS_OF_AN_OLD_KEY) if gives_up else None, by_earlier_key=True)
    earlier = known.close(body.channel, signer)
    if earlier is not None and earlier.claims != body.claims:
        return Finding(Fault(EQUIVOCATION, "the same party signed a close with other claims; the first one counts"))
    return Finding()
