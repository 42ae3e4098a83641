"""Payment vouchers and receipts: their claims, and the payee's checks.

A voucher's amount is cumulative within its lane: each voucher replaces all earlier ones.
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
_TICKS = const(10)  # map
# A receipt has CHANNEL to AMOUNT too
RECEIPT_VOUCHER = const(5)  # bytes, 32: the voucher's digest
_HOST_ONLY = (_HASH_LOCK, _MERGES, _TICKS)  # a device cannot judge these conditions, so it refuses them


def payload(channel: bytes, lane: int, seq: int, amount: int, item: bytes | None = None) -> "Claims":
    """The claims of a voucher. `item`: digest of the reading bought or billed, 32 bytes."""
    claims = {CHANNEL: channel, LANE: lane, SEQ: seq, AMOUNT: amount}
    if item is not None:
        claims[ITEM] = item
    return claims


def claim(claims: "Claims", digest: bytes) -> "list[Item]":
    """What a close claims by a voucher: [lane, seq, amount, digest]."""
    return [claims[LANE], claims[SEQ], claims[AMOUNT], digest]


def take(
    raw: bytes, terms: "Terms", best: "Message | None", public: bytes, now: int | None, least_left: int = 0
) -> "Message":
    """The payee's check of a voucher; returns its `cose.Message`.

    best: the best voucher so far in the lane, or None. public: the payer's key. now: unix time, or None if the clock is
    unset. least_left: seconds that the channel must still last. The best voucher itself passes again.
    Raises UnknownChannel, Unsupported, Replay, AmountDecreased, OverCapacity, NotYetValid, Expired, BadSignature.
    """
    message = messages.parse(raw, labels.VOUCHER)
    claims = message.payload
    if claims[CHANNEL] != terms.digest:
        raise UnknownChannel("the voucher is for another channel")
    if claims[LANE] != 0 or any(key in claims for key in _HOST_ONLY):
        raise Unsupported("a voucher with another lane, a lock, merges or ticks")
    message.verify(public)
    if best is not None and message.digest == best.digest:
        return message
    if claims[AMOUNT] == 0:
        raise Malformed("a voucher for nothing")
    terms.check_open(now, least_left)
    _check_times(claims, terms, now)
    if claims[AMOUNT] > terms.capacity:
        raise OverCapacity("%d is more than the channel's %d" % (claims[AMOUNT], terms.capacity))
    if best is not None:
        if claims[SEQ] <= best.payload[SEQ]:
            raise Replay("voucher %d comes after %d" % (claims[SEQ], best.payload[SEQ]))
        if claims[AMOUNT] < best.payload[AMOUNT]:
            raise AmountDecreased("%d is less than %d before it" % (claims[AMOUNT], best.payload[AMOUNT]))
    return message


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


def receipt_payload(message: "Message") -> "Claims":
    """The claims of the receipt for a voucher."""
    claims = message.payload
    return {
        CHANNEL: claims[CHANNEL],
        LANE: claims[LANE],
        SEQ: claims[SEQ],
        AMOUNT: claims[AMOUNT],
        RECEIPT_VOUCHER: message.digest,
    }


def check_receipt(raw: bytes, voucher_claims: "Claims", voucher_digest: bytes, public: bytes) -> "Message":
    """The payer's check of a receipt; returns its Message. Raises Malformed, WrongType, BadSignature."""
    message = messages.parse(raw, labels.RECEIPT)
    claims = {key: voucher_claims[key] for key in (CHANNEL, LANE, SEQ, AMOUNT)}
    claims[RECEIPT_VOUCHER] = voucher_digest
    if message.payload != claims:
        raise Malformed("the receipt is for another voucher")
    return message.verify(public)
