"""The payee's side of one connection: prove, agree, bill, take payment, acknowledge (schema/rpc.cddl).

`proof` says how the two peers authenticate each other, `billing` what a payment buys.
"""

from . import channel, labels, messages, notes, rpc, voucher
from .billing import PIECE, Billing
from .device import PROVISIONED
from .errors import Malformed, NotAParty, Refused, Unauthenticated
from .proof import NONCE_BYTES, check_proof, proof_claims
from .records import OWNER_OFFER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generator
    from .channel import Offer
    from .device import Device
    from .ports import Handlers, Item

STRANGER_SECONDS = 60  # timeout before the proof
PEER_SECONDS = 3900  # timeout after the proof: above the hour that an order may pause


class Seller(Billing):
    """One buyer's connection to the device."""

    _nonces: tuple[bytes, bytes]  # the device's, the peer's

    def __init__(self, device: "Device") -> None:
        super().__init__(device)
        self._is_authenticated = False
        self._nonces = None
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
            rpc.TICK: self.tick,
        }

    def hello(self, item: "Item") -> "Generator[None, None, list[Item]]":
        """[nonce, chain] -> [nonce, chain, proof, offer or null], and then its rotations where a device has some. In
        steps: anyone may have a chain checked."""
        device = self._device
        device.require_state(PROVISIONED)
        self.release()  # another peer may use this connection now
        self.peer, self._is_authenticated, self._terms = None, False, None
        nonce, chain, rotations = _nonce_and_chain(item)
        peer = yield from device.standing.peer_steps(chain, rotations)
        yield
        device.require_state(PROVISIONED)  # the owner's commands go between the steps
        self.peer = peer
        own_nonce = device.pool.random(NONCE_BYTES)
        self._nonces = (own_nonce, nonce)
        self._chain = rotations[::-1] + device.foreign_certificates(chain)
        claims = proof_claims(device.device_id, self.peer.device_id, nonce, own_nonce)
        proof, _ = device.signer.sign(labels.PEER_PROOF, claims)
        offer, own = device.owner_record().get(OWNER_OFFER), device.rotations()
        return [own_nonce, device.chain, proof, offer] + ([own] if own else [])

    def prove(self, item: "Item") -> bool:
        """The peer's proof -> true."""
        if self.peer is None:
            raise Unauthenticated("say hello first")
        own_nonce, nonce = self._nonces
        check_proof(item, self.peer, self._device.device_id, own_nonce, nonce)
        self._device.standing.check_line(self.peer)
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
        close = record.get(channel.CLOSE)
        return [record.get(channel.VOUCHER), record[channel.BASE], close and self._device.sign_anew(close)]

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
        """Release the meter, and store the best tick: the peer may not come back. Idempotent."""
        if self._device.seller is self:
            self._device.seller = None
            if self._terms is not None:
                self._keep_tick(self._terms.digest)

    def _keep_tick(self, digest: bytes) -> None:
        try:
            self._device.payee.keep_tick(digest)
        except Exception as error:
            # the boundary of a connection that ends: a full flash keeps the tick in RAM
            notes.trace("tick", error)

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

    def close(self, item: "Item") -> bytes:
        """The channel's digest -> the signed channel-close, the limit of the payee's claim."""
        terms = self._require_terms()
        if item != terms.digest:
            raise NotAParty("another channel than this connection's")
        raw = self._device.payee.close(item, self._device.board.clock.now())
        self.release()
        return self._device.sign_anew(raw)


def _nonce_and_chain(item: "Item") -> tuple[bytes, list[bytes], list[bytes]]:
    is_hello = isinstance(item, list) and len(item) in (2, 3) and all(messages.chain(part) for part in item[1:])
    if not is_hello or not messages.hash32(item[0]):
        raise Malformed("hello is [nonce, chain], or [nonce, chain, rotations]")
    return item[0], item[1], item[2] if len(item) > 2 else []
