"""The payer's side of one connection: authenticate, agree on a channel, check bills, pay. `trading` runs it."""

from . import billing, channel, labels, messages, notes, policy, proof, protection, rpc, senml, voucher
from .records import ORDER_RECORD
from .errors import Expired, Malformed, PolicyRefused, Refused, UnknownChannel, Unreachable, WrongOffer
from .order import ASSET, BUDGET, DEFAULT_SECONDS, DIGEST, MAX_PRICE, PAYEE, SECONDS, UNIT
from .tick_payment import TickPayment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Offer, Terms
    from .device import Device
    from .ports import Claims, Item, Record
    from .rpc import Client


class Buyer(TickPayment):
    """One connection to a seller. order: the journal's order record."""

    _receipt: bytes | None

    def __init__(self, device: "Device", order: "Record", client: "Client") -> None:
        super().__init__(device, order, client)
        self._receipt = None
        self.is_seller_proven = False

    async def agree(self) -> int | None:
        """Authenticate both sides, open or resume the channel, and complete a payment that a power cut interrupted.

        Returns None, or an error code where the seller has closed the channel.
        """
        device = self._device
        nonce = device.pool.random(proof.NONCE_BYTES)
        rotations = device.rotations()
        reply = await self._client.call(rpc.HELLO, [nonce, device.chain] + ([rotations] if rotations else []))
        offer = self._check_hello(reply, nonce)
        claims = proof.proof_claims(device.device_id, self._peer.device_id, reply[0], nonce)
        own_proof, _ = device.signer.sign(labels.PEER_PROOF, claims)
        await self._client.call(rpc.PROVE, own_proof)
        rotations = reply[4] if len(reply) > 4 else []
        self._terms = self._channel(offer, rotations[::-1] + device.foreign_certificates(reply[1]))
        try:
            funding = device.payer.record(self._terms.digest).get(channel.FUNDING)
            opened = device.sign_anew(self._terms.raw)
            if funding is not None:
                opened = [opened, funding]
            state = await self._client.call(rpc.OPEN, opened)
        except rpc.PeerError as error:
            if error.code != UnknownChannel.code:
                raise
            self._seller_amount = device.payer.record(self._terms.digest)[
                channel.AMOUNT
            ]  # the seller has settled and dropped it
            return error.code
        if not isinstance(state, list) or len(state) != 3:
            raise Malformed("an open is answered by [voucher, reading, close]")
        if self._terms.unit != billing.PIECE:
            self._keep_base(state[1])
        _, self._seller_amount = device.payer.check_best(self._terms, state[0], device)
        if state[2] is not None:
            self._keep_close(state[2])
            return Refused.code
        await self._repeat_payment()
        await self._resume_ticks()
        return None

    async def _repeat_payment(self) -> None:
        # a lost reply may have carried the receipt and the goods
        payer = self._device.payer
        record = payer.record(self._terms.digest)
        if not record[channel.SEQ] or payer.receipt(record) is not None:
            return
        try:
            await self._pay(*payer.sign_last(self._terms), is_retry=True)
        except rpc.PeerError as error:
            if error.code != Expired.code or self._terms.unit != billing.PIECE:
                raise
            # the seller no longer stores the reading: the next voucher buys another for the same amount

    def _check_hello(self, reply: "Item", nonce: bytes) -> "Offer":
        device = self._device
        if not isinstance(reply, list) or len(reply) not in (4, 5) or not messages.hash32(reply[0]):
            raise Malformed("a hello is answered by [nonce, chain, proof, offer]")
        if not all(messages.chain(part) for part in [reply[1]] + reply[4:]):
            raise Malformed("a chain is a list of certificates")
        self._peer = device.standing.check_peer(reply[1], *reply[4:])
        proof.check_proof(reply[2], self._peer, device.device_id, nonce, reply[0])
        device.standing.check_line(self._peer)
        self.is_seller_proven = self._peer.device_id == self.order.get(PAYEE, self._peer.device_id)
        if not self.is_seller_proven:
            raise Unreachable("another device answers there")
        if reply[3] is None:
            raise WrongOffer("the device there sells nothing")
        offer = channel.offer(reply[3])
        if (offer.asset, offer.unit) != (self.order[ASSET], self.order[UNIT]):
            raise WrongOffer("the device there sells %s for %s" % (offer.unit, offer.asset))
        if DIGEST not in self.order and offer.price > self.order.get(MAX_PRICE, offer.price):
            raise policy.Limit(policy.OVER_PRICE, "one %s costs %d here" % (offer.unit, offer.price))
        return offer

    def _channel(self, offer: "Offer", chain: list[bytes]) -> "Terms":
        device = self._device
        now = device.now()
        if now is None:
            raise policy.Limit(policy.CLOCK_UNSET, "a channel ends at a time and the clock is not set")
        least_left = device.protection()[protection.LEAST_LEFT]
        if DIGEST in self.order:
            record = device.payer.record(self.order[DIGEST])
            terms = channel.terms(record[channel.OPEN])
            if terms.payee != self._peer.device_id:  # that device's meter says nothing about this channel
                raise Unreachable("another device answers there")
            if self._peer.generation and record[channel.CHAIN] != chain:
                device.payer.keep_chain(terms.digest, chain)
            terms.check_open(now, least_left)
            return terms
        # check the policy before the first signature: a channel without permission to pay is useless
        self._allow(offer.price, device.payer.spent.today(offer.asset))
        seconds = self.order.get(SECONDS, DEFAULT_SECONDS)
        if seconds <= least_left:
            raise Expired("the order's channel would not last the least time left")
        expires = now + seconds
        payee, budget = self._peer.device_id, self.order[BUDGET]
        terms = device.payer.find_unpaid(payee, offer, budget, now)
        if device.journal.get(ORDER_RECORD) != self.order:
            raise Refused("the owner changed the order meanwhile")
        if terms is None:
            terms = device.payer.open(payee, offer, budget, expires, device.pool.random(16), chain)
        self.order = dict(self.order)
        self.order[DIGEST] = terms.digest
        device.journal.put(ORDER_RECORD, self.order)
        return terms

    def _keep_base(self, raw: bytes) -> None:
        message = messages.parse(raw, labels.READING)
        message.verify(self._peer.key_at(message))
        self._device.payer.keep_base(self._terms.digest, raw, self._own_count())

    async def step(self) -> bool:
        """Pay one bill, or by one tick. Returns True once the budget is spent."""
        if self.is_spent() or await self._pay_by_tick():
            return self.is_spent()
        item, amount = await self._bill()
        count = 0
        payer, digest = self._device.payer, self._terms.digest
        is_due = amount > self._seller_amount
        if payer.chain(digest) is not None:  # a meter that a power cut set back bills less than was paid by ticks
            is_due = is_due and amount > payer.paid(digest)
        if is_due and self._terms.unit != billing.PIECE:
            count = await self._chain_length(amount)
        if self._device.journal.get(ORDER_RECORD) != self.order:
            return False  # the owner stopped or replaced the order meanwhile
        if is_due:
            await self._pay(*payer.promise(self._terms, amount, item, self._allow, self._receipt, count))
        return self.is_spent()

    async def _end_ticks(self) -> None:
        """Promise what was paid by ticks in a last voucher without any, with a signed reading: it costs nothing more,
        and gives back what the chain still reserves. Without it the payee's close and receipt name the ticks."""
        payer = self._device.payer
        chain = payer.chain(self._terms.digest)
        if chain is None:
            return
        try:
            item, _ = await self._bill()
            paid = payer.paid(self._terms.digest)
            await self._pay(*payer.promise(self._terms, paid, item, self._allow, self._receipt))
        except (PolicyRefused, Refused, Expired, rpc.PeerError) as error:
            notes.trace("last voucher", error)

    def is_spent(self) -> bool:
        """Whether the rest of the budget is below the minimum increase of a voucher."""
        least = max(1, self._terms.price) if self._terms.unit == billing.PIECE else 1
        return self._seller_amount + least > self._terms.capacity

    async def _pay(self, raw: bytes, digest: bytes, claims: "Claims", is_retry: bool = False) -> None:
        reply = await self._client.call(rpc.PAY, raw)
        if not isinstance(reply, list) or len(reply) != 2:
            raise Malformed("a voucher is answered by [receipt, reading]")
        self._receipt = voucher.check_receipt(reply[0], claims, digest, self._peer.public).raw
        self._seller_amount = self._due = claims[voucher.AMOUNT]
        if self._terms.unit == billing.PIECE and not (is_retry and reply[1] is None):
            goods = messages.parse(reply[1], labels.READING)
            if goods.digest != claims.get(voucher.ITEM):
                raise Malformed("another reading than the one paid for")
            goods.verify(self._peer.key_at(goods))
            self._device.last_purchase = senml.summary(goods)

    async def close(self) -> None:
        """Ask the payee to close the channel. Store the last receipt and the payee's close."""
        digest = self._terms.digest
        await self._end_ticks()
        if self._receipt is not None:
            self._device.payer.keep_receipt(digest, self._receipt)
        self._keep_close(await self._client.call(rpc.CLOSE, digest))

    def _keep_close(self, raw: bytes) -> None:
        message = messages.parse(raw, labels.CHANNEL_CLOSE)
        if message.payload[labels.CLOSE_CHANNEL] != self._terms.digest:
            raise Malformed("a close for another channel")
        message.verify(self._peer.public)
        self._device.payer.keep_close(self._terms.digest, raw)
