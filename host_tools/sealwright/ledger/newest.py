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
from typing import Final, NamedTuple

from ..errors import Rejected
from ..verify import Verdict
from ..verify.codes import SUPERSEDED
from ..wire.cbor import encode
from ..wire.messages import Receipt, Voucher, parse_message
from ..wire.messages.plain import PlainVoucher, plain_voucher
from ..wire.messages.unread import UnreadVoucher
from .store.tables import Tables

WINDOW: Final = 16384  # messages
_WHY: Final = "A voucher of its lane in the ledger says as much or more: nothing moves, and it was not checked."
_RECEIPT: Final = encode(Receipt.TYPE)
_TYPE: Final = slice(17, 20)

Items = list[tuple[int, bytes]]


class Candidate(NamedTuple):
    """A voucher of a window, number `n`, which may be the best of its lane."""

    n: int
    raw: bytes
    says: PlainVoucher


class Round(NamedTuple):
    """What to do next about a lane. check: to be judged, in this order. wait: what rests on a channel that is not known
    yet. left: of this it is not known yet."""

    superseded: list[Verdict]
    check: Items
    wait: Items
    left: list[Candidate]


def divide(items: Items) -> tuple[Items, list[list[Candidate]]]:
    """What of a window is to be judged first, and as it came; and the other vouchers, lane by lane, best first."""
    named = {digest for _, raw in items if raw[_TYPE] == _RECEIPT for digest in _named(raw)}
    rest: Items = []
    lanes: dict[tuple[bytes, int], list[Candidate]] = {}
    new = tuple.__new__  # a third of the time that a constructor takes
    for item in items:
        n, raw = item
        says = plain_voucher(raw)
        if says is None or says[4] in named:
            rest.append(item)
            continue
        place = says[:2]
        lane = lanes.get(place)
        if lane is None:
            lane = lanes[place] = []
        lane.append(new(Candidate, (n, raw, says)))
    found = []
    for lane in lanes.values():
        twins = _twins(lane)
        rest += as_items(twins)
        left = [one for one in lane if one not in twins] if twins else lane
        left.sort(key=_amount, reverse=True)  # those with one amount stay as they came
        found += [left] if left else []
    return sorted(rest), found


def _amount(one: Candidate) -> int:
    return one[2][3]


def _twins(lane: list[Candidate]) -> set[Candidate]:
    """The vouchers of a lane whose number another one with other contents has, too."""
    if len({one[2][2] for one in lane}) == len(lane):
        return set()
    digests: dict[int, set[bytes]] = {}
    for one in lane:
        digests.setdefault(one.says.seq, set()).add(one.says.digest)
    return {one for one in lane if len(digests[one.says.seq]) > 1}


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
    channel, lane = candidates[0].says[:2]
    known = tables.channel(channel)
    if known is None:
        return Round([], [], as_items(candidates), [])
    if now >= known.terms.claim_end:
        return Round([], as_items(candidates), [], [])
    best = tables.lane(channel, lane)
    if best is None:  # then the log has no voucher of this lane either
        return Round([], as_items(candidates[:most]), [], candidates[most:])
    numbers, (best_seq, worth, best_digest) = tables.numbers(channel, lane), best
    superseded, odd, left = [], [], []
    new, rest = tuple.__new__, ("", None, None)
    for one in candidates:
        n, raw, (_, _, seq, amount, digest) = one
        if numbers.get(seq, digest) != digest or digest == best_digest:
            odd.append(one)
        elif amount > worth:
            left.append(one)
        elif seq > best_seq and amount < worth:
            odd.append(one)
        else:
            message = UnreadVoucher(raw, digest)
            shown = (n, Voucher.NAME, True, SUPERSEDED, digest, _WHY, None, None, message, *rest)
            superseded.append(new(Verdict, shown))
    return Round(superseded, [*as_items(sorted(odd)), *as_items(left[:most])], [], left[most:])


def as_items(candidates: Iterable[Candidate]) -> Items:
    """As messages with their numbers."""
    return [(one.n, one.raw) for one in candidates]
