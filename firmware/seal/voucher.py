"""Payment vouchers and receipts: their claims, and the payee's checks.

A voucher's amount is cumulative within its lane: each voucher replaces all earlier ones. One with ticks is worth its
amount, and the value of every tick that was revealed (see `ticks`).
"""

from . import labels, messages
from .compat import const
from .errors import AmountDecreased, Expired, Malformed, NotYetValid, OverCapacity, Replay, UnknownChannel, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Terms
    from .cose import Message
    from .ports import Claims, Item

# Keys of a voucher
CHANNEL = const(1)  # bytes, 32: the channel's digest
LANE = const(2)  # uint
SEQ = const(3)  # uint
AMOUNT = const(4)  # amount, cumulative
NOT_BEFORE = const(5)  # unix seconds
NOT_AFTER = const(6)  # unix seconds
_HASH_LOCK = const(7)  # bytes, 32
ITEM = const(8)  # bytes, 32: digest of the reading
_MERGES = const(9)  # [[lane, seq], ...]
TICKS = const(10)  # map
# A receipt has CHANNEL to AMOUNT too
RECEIPT_VOUCHER = const(5)  # bytes, 32: the voucher's digest
RECEIPT_TICK = const(6)  # [uint, bytes 32]: the best tick revealed
# Keys of TICKS
ROOT = const(1)  # bytes, 32
VALUE = const(2)  # amount: of one tick
COUNT = const(3)  # uint
_HOST_ONLY = (_HASH_LOCK, _MERGES)  # a device cannot judge these conditions, so it refuses them


def payload(
    channel: bytes, lane: int, seq: int, amount: int, item: bytes | None = None, ticks: "Claims | None" = None
) -> "Claims":
    """The claims of a voucher. item: digest of the reading bought or billed, 32 bytes. ticks: {ROOT, VALUE, COUNT}."""
    claims = {CHANNEL: channel, LANE: lane, SEQ: seq, AMOUNT: amount}
    if item is not None:
        claims[ITEM] = item
    if ticks is not None:
        claims[TICKS] = ticks
    return claims


def worth(claims: "Claims", index: int | None = None) -> int:
    """The amount of a voucher of which `index` ticks are revealed. None: all of them."""
    ticks = claims.get(TICKS)
    return claims[AMOUNT] + (ticks[VALUE] * (ticks[COUNT] if index is None else index) if ticks else 0)


def claim(claims: "Claims", digest: bytes, index: int = 0) -> "list[Item]":
    """What a close claims by a voucher of which `index` ticks are revealed: [lane, seq, worth, digest]."""
    return [claims[LANE], claims[SEQ], worth(claims, index), digest]


def take(
    raw: bytes,
    terms: "Terms",
    best: "Message | None",
    public: bytes,
    now: int | None,
    least_left: int = 0,
    most_ticks: int = 0,
    taken: int = 0,
) -> "Message":
    """The payee's check of a voucher; returns its `cose.Message`.

    best: the best voucher so far in the lane, or None. public: the payer's key. now: unix time, or None if the clock is
    unset. least_left: seconds that the channel must still last. most_ticks: the longest chain that is taken, 0: none.
    taken: ticks revealed of the best voucher. The best voucher itself passes again.
    Raises UnknownChannel, Unsupported, Replay, AmountDecreased, OverCapacity, NotYetValid, Expired, BadSignature.
    """
    message = messages.parse(raw, labels.VOUCHER)
    claims = message.payload
    if claims[CHANNEL] != terms.digest:
        raise UnknownChannel("the voucher is for another channel")
    if claims[LANE] != 0 or any(key in claims for key in _HOST_ONLY):
        raise Unsupported("a voucher with another lane, a lock or merges")
    message.verify(public)
    if best is not None and message.digest == best.digest:
        return message
    if claims[AMOUNT] == 0:
        raise Malformed("a voucher for nothing")
    terms.check_open(now, least_left)
    _check_times(claims, terms, now)
    _check_ticks(claims.get(TICKS), terms, most_ticks)
    if worth(claims) > terms.capacity:
        raise OverCapacity("%d is more than the channel's %d" % (worth(claims), terms.capacity))
    if best is not None:
        if claims[SEQ] <= best.payload[SEQ]:
            raise Replay("voucher %d comes after %d" % (claims[SEQ], best.payload[SEQ]))
        if claims[AMOUNT] < worth(best.payload, taken):
            raise AmountDecreased("%d is less than %d paid" % (claims[AMOUNT], worth(best.payload, taken)))
    return message


def _check_ticks(ticks: "Claims | None", terms: "Terms", most: int) -> None:
    # a unit is a tick: with another value the bills would not come out even
    if ticks is not None and not (1 <= ticks[COUNT] <= most and ticks[VALUE] == terms.price > 0):
        raise Unsupported("ticks of another value than a unit's, or not 1 to %d of them" % most)


def _check_times(claims: "Claims", terms: "Terms", now: int | None) -> None:
    if claims.get(NOT_AFTER, terms.claim_end) < terms.claim_end:
        raise Expired("the voucher expires before the claim's end")
    if claims.get(NOT_BEFORE, 0) > terms.claim_end:
        raise NotYetValid("the voucher is not valid before the claim's end")
    if now is None:
        if NOT_BEFORE in claims or NOT_AFTER in claims:
            raise NotYetValid("the voucher has a time and the clock is not set")
        return
    if now < claims.get(NOT_BEFORE, now):
        raise NotYetValid("the voucher is not valid yet")


def receipt_payload(message: "Message", tick: "list[Item] | None" = None) -> "Claims":
    """The claims of the receipt for a voucher. tick: the best one revealed, [index, value]."""
    claims = message.payload
    receipt = {
        CHANNEL: claims[CHANNEL],
        LANE: claims[LANE],
        SEQ: claims[SEQ],
        AMOUNT: claims[AMOUNT],
        RECEIPT_VOUCHER: message.digest,
    }
    if tick is not None:
        receipt[RECEIPT_TICK] = tick
    return receipt


def check_receipt(raw: bytes, voucher_claims: "Claims", voucher_digest: bytes, public: bytes) -> "Message":
    """The payer's check of a receipt; returns its Message. Raises Malformed, WrongType, BadSignature."""
    message = messages.parse(raw, labels.RECEIPT)
    claims = {key: voucher_claims[key] for key in (CHANNEL, LANE, SEQ, AMOUNT)}
    claims[RECEIPT_VOUCHER] = voucher_digest
    if message.payload != claims:
        raise Malformed("the receipt is for another voucher")
    return message.verify(public)
