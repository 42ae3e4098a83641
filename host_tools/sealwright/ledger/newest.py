"""Newest first: of the vouchers of a lane the best is checked, and those that it makes worthless are not.

Purpose: a lane is worth the most that any accepted voucher of it is worth. So once the ledger has taken a voucher, one
of the same lane that says no more moves nothing, whoever signed it. Of each lane in a window of messages the best comes
first; where it does not hold, the next.
Checked all the same is what could show more than money: vouchers with one number and other contents, in the window or
in the log; those that say less under a higher number; those that a receipt of the window names; those with ticks,
locks, times or merges. Limits: a contradiction of a voucher that an earlier window left unchecked is not seen.
"""

from collections.abc import Iterable
from contextlib import suppress
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from ..errors import Rejected
from ..verify import Verdict
from ..verify.codes import SUPERSEDED
from ..wire.cbor import encode, head_of
from ..wire.labels import MAX_UINT
from ..wire.messages import Receipt, Voucher, parse_message
from ..wire.messages.plain import glance, lane_in
from ..wire.messages.unread import UnreadVoucher
from .store.tables import Tables

WINDOW: Final = 16384  # messages
_WHY: Final = "A voucher of its lane in the ledger says as much or more: nothing moves, and it was not checked."
_RECEIPT: Final = encode(Receipt.TYPE)
_TYPE: Final = slice(17, 20)

Items = list[tuple[int, bytes]]


# A voucher of a window, which may be the best of its lane: its number in the window, its bytes, and what `glance` sees
# of it: the items of its lane, seq and amount, and its digest. A plain tuple: a named one takes a third longer.
Candidate: TypeAlias = tuple[int, bytes, bytes, bytes, bytes, bytes]


class Round(NamedTuple):
    """What to do next about a lane. check: to be judged, in this order. wait: what rests on a channel that is not known
    yet. left: of this it is not known yet."""

    superseded: list[Verdict]
    check: Items
    wait: Items
    left: list[Candidate]


def divide(items: Items) -> tuple[Items, list[list[Candidate]]]:
    """What of a window is to be judged first, and as it came; and the other vouchers, lane by lane, best first."""
    rest: Items = []
    lanes: dict[bytes, list[Candidate]] = {}
    for item in items:
        seen = glance(item[1])
        if seen is None:
            rest.append(item)
            continue
        lane = lanes.get(seen[0])
        if lane is None:
            lane = lanes[seen[0]] = []
        lane.append((*item, *seen))
    named = {digest for _, raw in rest if raw[_TYPE] == _RECEIPT for digest in _named(raw)}
    found = []
    for lane in lanes.values():
        first = _twins(lane)
        if named:
            first.update(one for one in lane if one[5] in named)
        rest += as_items(first)
        left = [one for one in lane if one not in first] if first else lane
        left.sort(key=_amount, reverse=True)  # those with one amount stay as they came
        found += [left] if left else []
    return sorted(rest), found


_amount: Final = itemgetter(4)
_seq: Final = itemgetter(3)


def _twins(lane: list[Candidate]) -> set[Candidate]:
    """The vouchers of a lane whose number another one with other contents has, too."""
    if len(set(map(_seq, lane))) == len(lane):
        return set()
    digests: dict[bytes, set[bytes]] = {}
    for _, _, _, seq, _, digest in lane:
        digests.setdefault(seq, set()).add(digest)
    return {one for one in lane if len(digests[_seq(one)]) > 1}


def _named(raw: bytes) -> Iterable[bytes]:
    """The voucher that a receipt acknowledges."""
    with suppress(Rejected):
        body = parse_message(raw).body
        return (body.voucher,) if isinstance(body, Receipt) else ()
    return ()


def next_round(candidates: list[Candidate], tables: Tables, now: int, most: int) -> Round:
    """What to do about a lane of which these vouchers, best first, are not judged yet.

    now: unix seconds. most: how many of the best to check, at once.
    """
    channel, lane = lane_in(candidates[0][2])
    known = tables.channel(channel)
    if known is None:
        return Round([], [], as_items(candidates), [])
    if now >= known.terms.claim_end:
        return Round([], as_items(candidates), [], [])
    best = tables.lane(channel, lane)
    if best is None:  # then the log has no voucher of this lane either
        return Round([], as_items(candidates[:most]), [], candidates[most:])
    # as the candidates have them; no voucher's amount is as large as 2^64, a lane's worth with its ticks may be
    numbers = {head_of(0, number): digest for number, digest in tables.numbers(channel, lane).items()}
    best_seq, worth, best_digest = head_of(0, best.seq), head_of(0, min(best.worth, MAX_UINT)), best.voucher
    superseded, odd, left = [], [], []
    new, name, rest = tuple.__new__, Voucher.NAME, ("", None, None)
    for one in candidates:
        n, raw, _, seq, amount, digest = one
        if numbers.get(seq, digest) != digest or digest == best_digest:
            odd.append(one)
        elif amount > worth:
            left.append(one)
        elif seq > best_seq and amount < worth:
            odd.append(one)
        else:
            message = UnreadVoucher(raw, digest)
            superseded.append(new(Verdict, (n, name, True, SUPERSEDED, digest, _WHY, None, None, message, *rest)))
    return Round(superseded, [*as_items(sorted(odd)), *as_items(left[:most])], [], left[most:])


def as_items(candidates: Iterable[Candidate]) -> Items:
    """As messages with their numbers."""
    return [one[:2] for one in candidates]
