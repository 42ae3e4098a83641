"""The payee's side of one connection: prove, agree, bill, take payment, acknowledge (schema/rpc.cddl).

Two peers authenticate each other as in ISO/IEC 9798-3, without a host: each signs both names and both fresh nonces,
and sends the certificate chain of its key.

The offer's unit decides what a payment buys. "reading": one signed reading for each voucher, paid in advance. Any other
SenML unit is metered: the amount due follows the count in signed readings, from the channel's start.
"""

from . import channel, labels, messages, p256, rpc, senml, voucher
from .device import PROVISIONED
from .records import OWNER_OFFER
from .errors import Expired, Malformed, NotAParty, Refused, SensorFailed, Unauthenticated, UnknownChannel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generator
    from .identity import CertifiedKey
    from .channel import Offer, Terms
    from .cose import Message
    from .device import Device
    from .ports import Claims, Handlers, Item

NONCE_BYTES = 32
PIECE = "reading"
STRANGER_SECONDS = 60  # timeout before the proof
PEER_SECONDS = 3900  # timeout after the proof: above the hour that an order may pause
MAX_BILLED = 32  # readings whose place in the log is known: 3 KB of heap
CREDIT = 16  # unpaid readings in a row for one peer


def proof_claims(device_id: bytes, peer: bytes, peer_nonce: bytes, own_nonce: bytes) -> "Claims":
    """The payload of a peer-proof."""
    return {
        labels.PROOF_SIGNER: device_id,
        labels.PROOF_PEER: peer,
        labels.NONCE: peer_nonce,
        labels.OWN_NONCE: own_nonce,
    }


def check_proof(raw: bytes, peer: "CertifiedKey", device_id: bytes, own_nonce: bytes, peer_nonce: bytes) -> None:
    """Raise Unauthenticated or BadSignature unless `raw` is the proof of `peer` for this connection."""
    message = messages.parse(raw, labels.PEER_PROOF)
    if message.payload != proof_claims(peer.device_id, device_id, own_nonce, peer_nonce):
        raise Unauthenticated("a proof for another connection")
    p256.learn(peer.public)  # its vouchers or readings, receipts and bills follow
    message.verify(peer.public)


class Seller:
    """One buyer's connection to the device."""

    peer: "CertifiedKey"  # set by `hello`
    _nonces: tuple[bytes, bytes]  # the device's, the peer's
    _terms: "Terms | None"

    def __init__(self, device: "Device") -> None:
        self._device = device
        self.peer = None
        self._is_authenticated = False
        self._nonces = None
        self._terms = None
        self._chain = []

    def handlers(self) -> "Handlers":
        """Request kind -> function, for `rpc.serve`."""
        return {
            rpc.HELLO: self.hello,
            rpc.PROVE: self.prove,
            rpc.OPEN: self.open,
            rpc.BILL: self.bill,
            rpc.PAY: self.pay,
            rpc.CLOSE: self.close,
        }

    def hello(self, item: "Item") -> "Generator[None, None, list[Item]]":
        """[nonce, chain] -> [nonce, chain, proof, offer or null]. In steps: anyone may have a chain checked."""
        device = self._device
        device.require_state(PROVISIONED)
        self.release()  # another peer may use this connection now
        self.peer, self._is_authenticated, self._terms = None, False, None
        nonce, chain = _nonce_and_chain(item)
        peer = yield from device.standing.peer_steps(chain)
        yield
        device.require_state(PROVISIONED)  # the owner's commands go between the steps
        self.peer = peer
        own_nonce = device.pool.random(NONCE_BYTES)
        self._nonces = (own_nonce, nonce)
        self._chain = device.foreign_certificates(chain)
        claims = proof_claims(device.device_id, self.peer.device_id, nonce, own_nonce)
        proof, _ = device.signer.sign(labels.PEER_PROOF, claims)
        return [own_nonce, device.chain, proof, device.owner_record().get(OWNER_OFFER)]

    def prove(self, item: "Item") -> bool:
        """The peer's proof -> true."""
        if self.peer is None:
            raise Unauthenticated("say hello first")
        own_nonce, nonce = self._nonces
        check_proof(item, self.peer, self._device.device_id, own_nonce, nonce)
        self._is_authenticated = True
        return True

    def open(self, item: "Item") -> "list[Item]":
        """A channel-open, or [channel-open, funding or null] -> [best voucher or null, reading at the channel's start
        or null, close or null]."""
        if not self._is_authenticated:
            raise Unauthenticated("prove your certificate first")
        raw, funding = item if isinstance(item, list) and len(item) == 2 else (item, None)
        if not isinstance(raw, bytes) or not (funding is None or isinstance(funding, bytes)):
            raise Malformed("an open is a channel-open, or [channel-open, funding]")
        terms, record = self._device.payee.accept(raw, self.peer, self._offer, self._base, self._chain, funding)
        if record[channel.BASE] is not None and channel.CLOSE not in record:
            self._take_meter(terms.digest)
        self._terms = terms
        return [record.get(channel.VOUCHER), record[channel.BASE], record.get(channel.CLOSE)]

    def _check_meter(self) -> None:
        """Raise Refused if the meter serves another peer. A peer may reconnect while its old connection still seems
        open: a power cut closes none."""
        other = self._device.seller
        if other is not None and other.peer.device_id != self.peer.device_id:
            raise Refused("the meter serves another peer")

    def _take_meter(self, digest: bytes) -> None:
        self._check_meter()
        # one meter must not bill two channels for the same count
        device = self._device
        device.seller = self
        device.payee.close_others(digest, device.board.clock.now())

    def patience(self) -> int:
        """Timeout in seconds for the peer's next request."""
        return PEER_SECONDS if self._is_authenticated else STRANGER_SECONDS

    def release(self) -> None:
        """Release the meter. Idempotent."""
        if self._device.seller is self:
            self._device.seller = None

    def _offer(self) -> "Offer":
        packed = self._device.owner_record().get(OWNER_OFFER)
        if packed is None:
            raise Refused("this device sells nothing")
        return channel.offer(packed)

    def _base(self) -> bytes | None:
        if self._offer().unit == PIECE:
            return None
        self._check_meter()
        if not self._take_reading(self._offer().unit):
            raise Refused("too many readings for this peer are unpaid")
        return self._device.log.last

    def _require_terms(self) -> "Terms":
        if self._terms is None:
            raise UnknownChannel("open a channel first")
        return self._terms

    def bill(self, _: "Item") -> "list[Item]":
        """Null -> [digest of the reading, amount due, the reading or null if payment comes first]."""
        terms = self._require_terms()
        record = self._device.payee.record(terms.digest)
        if channel.CLOSE in record:
            raise Refused("the channel is closed")
        self._take_reading(terms.unit)
        log = self._device.log
        if terms.unit == PIECE:
            self._remember_bill(log.prev, log.seq)
            return [log.prev, self._paid() + terms.price, None]
        message = log.last_message()
        base = messages.recall(record[channel.BASE], labels.READING)
        return [message.digest, metered_amount(terms, base, message), message.raw]

    def _remember_bill(self, digest: bytes, seq: int) -> None:
        """Note where the log has the goods: a payment for others finds them among the newest readings alone."""
        billed = self._device.billed
        while len(billed) >= MAX_BILLED and digest not in billed:
            billed.pop(min(billed, key=lambda other: billed[other]))
        billed[digest] = seq

    def _take_reading(self, unit: str) -> bool:
        """Have a new reading for this peer as the log's last, unless the count is the same. False once the peer has
        CREDIT unpaid readings: a reading takes space on flash, and a peer must not fill it for free."""
        device = self._device
        unpaid = device.unpaid_readings.get(self.peer.device_id, 0)
        quantities = device.measure()
        if unit == PIECE and device.missing is not None:
            raise SensorFailed("a reading that lacks a sensor is not sold")
        last = None if unit == PIECE else device.log.last_message()
        has_changed = last is None or senml.find_count(quantities, unit) != senml.count(last, unit)
        if has_changed:
            if unpaid >= CREDIT:
                return False
            device.unpaid_readings[self.peer.device_id] = unpaid + 1
            device.log.append(quantities)
        return True

    def _paid(self) -> int:
        best = self._device.payee.best(self._terms.digest)
        return best.payload[voucher.AMOUNT] if best else 0

    def pay(self, item: "Item") -> "list[Item]":
        """A voucher -> [receipt, the reading bought or null]. Accepts the best voucher again, for a payer that lost the
        reply."""
        terms = self._require_terms()
        device = self._device
        message, best = device.payee.check(item, terms, self.peer)
        paid = best.payload[voucher.AMOUNT] if best else 0
        goods = self._goods(message, best, paid) if terms.unit == PIECE else None
        receipt = device.payee.take(message, best)
        if message.payload[voucher.AMOUNT] > paid:
            device.unpaid_readings[self.peer.device_id] = 0
        return [receipt, goods]

    def _goods(self, message: "Message", best: "Message | None", paid: int) -> bytes | None:
        is_repeat = best is not None and best.digest == message.digest
        if not is_repeat and message.payload[voucher.AMOUNT] < paid + self._terms.price:
            raise Refused("the voucher does not cover the reading's price")
        digest = message.payload.get(voucher.ITEM)
        goods = self._device.log.find(digest, self._device.billed.get(digest))
        if goods is None and not is_repeat:
            raise Expired("the voucher's reading is no longer stored")
        return goods

    def close(self, item: "Item") -> bytes:
        """The channel's digest -> the signed channel-close, the limit of the payee's claim."""
        terms = self._require_terms()
        if item != terms.digest:
            raise NotAParty("another channel than this connection's")
        raw = self._device.payee.close(item, self._device.board.clock.now())
        self.release()
        return raw


def metered_amount(terms: "Terms", base: "Message", now: "Message") -> int:
    """The cumulative amount for the meter's count in the reading `now` above the reading `base`.
    Raises SensorFailed if a reading has no count in the channel's unit."""
    first, last = senml.count(base, terms.unit), senml.count(now, terms.unit)
    if first is None or last is None or last < first:
        raise SensorFailed("the readings do not count in %s" % terms.unit)
    return min(terms.price * (last - first), terms.capacity)


def _nonce_and_chain(item: "Item") -> tuple[bytes, list[bytes]]:
    if not (isinstance(item, list) and len(item) == 2 and messages.hash32(item[0]) and messages.chain(item[1])):
        raise Malformed("hello is [nonce, chain]")
    return item[0], item[1]
