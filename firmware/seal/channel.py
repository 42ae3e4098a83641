"""A payment channel: the terms in a payer's channel-open, and the record that each party stores.

The digest of the channel-open names the channel. Cumulative vouchers move money in one direction, payer to payee.
"""

from . import labels, messages
from .compat import const, hexlify
from .errors import Expired, Malformed, NotAParty, Refused, WrongNetwork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .identity import CertifiedKey
    from .cose import Message
    from .journal import Journal
    from .ports import Claims, Item, Record

VERSION = const(1)
MAX_CHANNELS = const(8)  # of each role; a record is under 1.5 KB
LANE = const(0)  # devices trade in one lane; hosts may merge several

# Keys of the journal records of both roles
OPEN = const(1)  # bytes: the channel-open
SEQ = const(2)  # uint, payer: number of the last reserved voucher
AMOUNT = const(3)  # amount, payer: cumulative, in the last reserved voucher
DAY = const(4)  # uint, payer: UTC day that SPENT counts
SPENT = const(5)  # amount, payer: reserved on that day
ITEM = const(6)  # bytes, 32, payer: digest of the reading bought or billed
BASE = const(7)  # bytes or None: the payee's reading of its meter at the start
RECEIPT = const(9)  # bytes, payer: the payee's latest receipt
CLOSE = const(10)  # bytes: the channel-close
CHAIN = const(11)  # [bytes, ...]: the peer's certificates that the device's own chain lacks
VOUCHER = const(12)  # bytes, payee: the best voucher
DIGEST = const(13)  # bytes, 32: the channel's name
TIME = const(14)  # uint, payer: unix seconds of the last reservation, see `days`
FUNDING = const(15)  # bytes: the ledger's funding
REFUND = const(16)  # bytes, payer: the ledger's refund
WALL = const(18)  # uint, payer: unix seconds of the board's clock at the last reservation
OWN_BASE = const(17)  # uint, payer: count of its own meter at the start, where it has one
TICK = const(19)  # [uint, bytes 32], payee: the best tick under the best voucher, as of the last write
TICKS = const(20)  # {1: root, 2: value, 3: count}, payer: the chain of the last reserved voucher, where it has one
RESERVED = const(21)  # amount, payer: the most that all its vouchers can be worth; absent: AMOUNT
REVEALED = const(22)  # uint, payer: ticks revealed of TICKS when the device left that chain; absent: none


class Terms:
    """The agreed terms of a channel, from its channel-open.

    asset: text; capacity: amount; expires: unix seconds; price: amount for one unit, or 0; unit: text, or "";
    payer, payee, network: 32 bytes each; ledger: 32 bytes, or None; window: seconds of the dispute window, or 0;
    claim_end: unix seconds, when the ledger refunds the rest; digest: the channel's name; raw: the message.
    """

    def __init__(self, message: "Message") -> None:
        claims = message.payload
        self.message = message
        self.raw = message.raw
        self.digest = message.digest
        self.network = claims[labels.TERMS_NETWORK]
        self.payer = claims[labels.TERMS_PAYER]
        self.payee = claims[labels.TERMS_PAYEE]
        self.asset = claims[labels.TERMS_ASSET]
        self.capacity = claims[labels.TERMS_CAPACITY]
        self.expires = claims[labels.TERMS_EXPIRES]
        self.price = claims.get(labels.TERMS_PRICE, 0)
        self.unit = claims.get(labels.TERMS_UNIT, "")
        self.window = claims.get(labels.TERMS_WINDOW, 0)
        self.ledger = claims.get(labels.TERMS_LEDGER)
        self.claim_end = self.expires + self.window

    def check_open(self, now: int | None, least_left: int = 0) -> None:
        """Raise Expired if the channel expires within `least_left` seconds of the unix time `now`. None: the clock is
        unset, which a payee accepts at its own risk and a payer refuses."""
        if now is not None and now + least_left >= self.expires:
            raise Expired("the channel has expired, or is about to")


def terms(raw: bytes) -> "Terms":
    """Parse a channel-open. Raises Malformed, NotDeterministic, WrongType. Does not check the signature."""
    return Terms(messages.recall(raw, labels.CHANNEL_OPEN))


def check_offer(channel: "Terms", network: bytes, payer: "CertifiedKey", payee: bytes, offer: "Offer") -> None:
    """Check a proposed channel, as the payee: network, both parties, the offer, the payer's signature."""
    if channel.network != network:
        raise WrongNetwork("the channel is for another network")
    if channel.payer != payer.device_id or channel.payee != payee:
        raise NotAParty("the channel names other parties than these two")
    if (channel.asset, channel.unit, channel.price) != (offer.asset, offer.unit, offer.price):
        raise Malformed("the channel's terms are not the ones offered")
    channel.message.verify(payer.public)


class Offer:
    """An offer to sell: one `unit` (a SenML unit such as J, or "reading") for `price` in `asset`."""

    def __init__(self, asset: str, unit: str, price: int) -> None:
        self.asset = asset
        self.unit = unit
        self.price = price

    def pack(self) -> "list[Item]":
        """[asset, unit, price], for a link and for the journal."""
        return [self.asset, self.unit, self.price]


def offer(value: "Item") -> "Offer":
    """The Offer in `value`, [asset, unit, price]. Raises Malformed."""
    if (
        isinstance(value, list)
        and len(value) == 3
        and messages.text(value[0])
        and messages.text(value[1])
        and messages.amount(value[2])
    ):
        return Offer(value[0], value[1], value[2])
    raise Malformed("an offer is [asset, unit, price]")


def close_payload(digest: bytes, now: int, claims: "list[list[Item]]") -> "Claims":
    """The payload of a close at unix time `now`. claims: [[lane, seq, amount, voucher digest], ...]."""
    return {labels.CLOSE_CHANNEL: digest, labels.CLOSE_TIME: now, labels.CLOSE_CLAIMS: claims}


def record_name(role: str, digest: bytes) -> str:
    """The journal name of a channel's record; role is "o" (payer) or "i" (payee)."""
    return "%s-%s" % (role, hexlify(digest[:8]))


def find_record(journal: "Journal", role: str, digest: bytes) -> "Record | None":
    """The record of the channel `digest`, or None. Raises Refused for another channel with the same record name:
    only an attacker's search finds such a digest."""
    record = journal.get(record_name(role, digest))
    if record is not None and record[DIGEST] != digest:
        raise Refused("another channel has this name already")
    return record
