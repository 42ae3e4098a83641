"""The payer's side of one connection: authenticate, agree on a channel, check bills, pay. `trading` runs it."""

from . import channel, labels, messages, policy, protection, rpc, seller, senml, voucher
from .records import ORDER_RECORD, OWNER_IS_PAUSED, OWNER_POLICY
from .errors import Expired, Malformed, Refused, SensorFailed, UnknownChannel, Unreachable, WrongOffer
from .order import ASSET, BUDGET, DEFAULT_SECONDS, DIGEST, MAX_PRICE, PAYEE, SECONDS, UNIT
from .order import most_a_second, most_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .identity import CertifiedKey
    from .channel import Offer, Terms
    from .device import Device
    from .ports import Claims, Item, Record
    from .rpc import Client


class Buyer:
    """One connection to a seller. order: the journal's order record."""

    _peer: "CertifiedKey"  # once `agree` has checked the seller's hello
    _terms: "Terms"  # once the channel is agreed
    _receipt: bytes | None
    _rate_limit: tuple[int | None, int]

    def __init__(self, device: "Device", order: "Record", client: "Client") -> None:
        self._device = device
        self.order = order
        self._client = client
        self._receipt = None
        self.is_seller_proven = False
        self._seller_amount = 0  # amount of the best voucher that the seller holds
        self._rate_limit = (None, 0)  # unix second, the most that may be owed in it

    async def agree(self) -> int | None:
        """Authenticate both sides, open or resume the channel, and complete a payment that a power cut interrupted.

        Returns None, or an error code where the seller has closed the channel.
        """
        device = self._device
        nonce = device.pool.random(seller.NONCE_BYTES)
        reply = await self._client.call(rpc.HELLO, [nonce, device.chain])
        offer = self._check_hello(reply, nonce)
        claims = seller.proof_claims(device.device_id, self._peer.device_id, reply[0], nonce)
        proof, _ = device.signer.sign(labels.PEER_PROOF, claims)
        await self._client.call(rpc.PROVE, proof)
        self._terms = self._channel(offer, device.foreign_certificates(reply[1]))
        try:
            funding = device.payer.record(self._terms.digest).get(channel.FUNDING)
            opened = self._terms.raw if funding is None else [self._terms.raw, funding]
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
        if self._terms.unit != seller.PIECE:
            self._keep_base(state[1])
        _, self._seller_amount = device.payer.check_best(self._terms, state[0], device.public)
        if state[2] is not None:
            self._keep_close(state[2])
            return Refused.code
        await self._repeat_payment()
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
            if error.code != Expired.code or self._terms.unit != seller.PIECE:
                raise
            # the seller no longer stores the reading: the next voucher buys another for the same amount

    def _check_hello(self, reply: "Item", nonce: bytes) -> "Offer":
        device = self._device
        if not isinstance(reply, list) or len(reply) != 4 or not messages.hash32(reply[0]):
            raise Malformed("a hello is answered by [nonce, chain, proof, offer]")
        if not isinstance(reply[1], list) or not all(isinstance(raw, bytes) for raw in reply[1]):
            raise Malformed("a chain is a list of certificates")
        self._peer = device.standing.check_peer(reply[1])
        seller.check_proof(reply[2], self._peer, device.device_id, nonce, reply[0])
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
        message.verify(self._peer.public)
        self._device.payer.keep_base(self._terms.digest, raw, self._own_count())

    def _own_count(self) -> int | None:
        """The count of the device's own meter in the channel's unit, or None without such a meter."""
        try:
            return senml.find_count(self._device.measure(), self._terms.unit)
        except SensorFailed:
            return None

    def _check_rate(self, amount: int) -> None:
        """Raise Limit if the metered `amount` rises faster than the order allows, or than the device's own meter."""
        record, price = self._device.payer.record(self._terms.digest), self._terms.price
        most = most_first(self.order, price)
        if record[channel.SEQ]:
            now = self._device.board.clock.now()
            if self._rate_limit[0] != now:  # once a second, or each of many bills would have a second's worth
                seconds = max(1, now - record.get(channel.WALL, 0))
                self._rate_limit = now, record[channel.AMOUNT] + seconds * most_a_second(self.order, price)
            limit = self._rate_limit[1]
        else:
            limit = most
        own, own_base = self._own_count(), record.get(channel.OWN_BASE)
        if own is not None and own_base is not None:
            limit = min(limit, (own - own_base) * price + most)
        if amount > limit:
            raise policy.Limit(policy.OVER_RATE, "billed %d where the order allows %d by now" % (amount, limit))

    def _allow(self, increase: int, spent_today: int) -> None:
        device = self._device
        owner = device.owner_record()
        spending = policy.Spending(
            self.order[ASSET], self._peer.device_id, increase, spent_today, owner[OWNER_IS_PAUSED]
        )
        policy.check(owner.get(OWNER_POLICY), spending, device.board.clock, device.board.button.pressed)

    async def step(self) -> bool:
        """Pay one bill. Returns True once the budget is spent."""
        if self.is_spent():
            return True
        item, amount = await self._bill()
        if self._device.journal.get(ORDER_RECORD) != self.order:
            return False  # the owner stopped or replaced the order meanwhile
        if amount > self._seller_amount:
            parts = self._device.payer.promise(self._terms, amount, item, self._allow, self._receipt)
            await self._pay(*parts)
        return self.is_spent()

    def is_spent(self) -> bool:
        """Whether the rest of the budget is below the minimum increase of a voucher."""
        least = max(1, self._terms.price) if self._terms.unit == seller.PIECE else 1
        return self._seller_amount + least > self._terms.capacity

    async def _bill(self) -> tuple[bytes, int]:
        reply = await self._client.call(rpc.BILL, None)
        if not isinstance(reply, list) or len(reply) != 3 or not messages.hash32(reply[0]):
            raise Malformed("a bill is [digest, amount, reading]")
        item, amount, raw = reply
        if self._terms.unit == seller.PIECE:
            limit = self._seller_amount + self._terms.price
        else:
            message = messages.parse(raw, labels.READING)
            message.verify(self._peer.public)
            base = messages.recall(self._device.payer.record(self._terms.digest)[channel.BASE], labels.READING)
            if message.digest != item:
                raise Malformed("the bill names another reading than it shows")
            limit = seller.metered_amount(self._terms, base, message)
        if not messages.amount(amount) or amount > limit:
            raise Malformed("billed %s where %d is due" % (amount, limit))
        if self._terms.unit != seller.PIECE:
            self._check_rate(amount)
        return item, amount

    async def _pay(self, raw: bytes, digest: bytes, claims: "Claims", is_retry: bool = False) -> None:
        reply = await self._client.call(rpc.PAY, raw)
        if not isinstance(reply, list) or len(reply) != 2:
            raise Malformed("a voucher is answered by [receipt, reading]")
        self._receipt = voucher.check_receipt(reply[0], claims, digest, self._peer.public).raw
        self._seller_amount = claims[voucher.AMOUNT]
        if self._terms.unit == seller.PIECE and not (is_retry and reply[1] is None):
            goods = messages.parse(reply[1], labels.READING)
            if goods.digest != claims.get(voucher.ITEM):
                raise Malformed("another reading than the one paid for")
            goods.verify(self._peer.public)
            self._device.last_purchase = senml.summary(goods)

    async def close(self) -> None:
        """Ask the payee to close the channel. Store the last receipt and the payee's close."""
        digest = self._terms.digest
        if self._receipt is not None:
            self._device.payer.keep_receipt(digest, self._receipt)
        self._keep_close(await self._client.call(rpc.CLOSE, digest))

    def _keep_close(self, raw: bytes) -> None:
        message = messages.parse(raw, labels.CHANNEL_CLOSE)
        if message.payload[labels.CLOSE_CHANNEL] != self._terms.digest:
            raise Malformed("a close for another channel")
        message.verify(self._peer.public)
        self._device.payer.keep_close(self._terms.digest, raw)
