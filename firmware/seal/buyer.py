"""The payer's side of a trade: carries out the owner's order over a peer link, and goes on after every interruption.

An order says where, from whom, what and for how much at most. It stays in the journal until it is done, so a reset or a
broken link only means a new connection. What the policy forbids ends it, with the code of the limit.
"""

import asyncio

from . import channel, device, identity, labels, messages, policy, reading, rpc, seller, voucher
from .compat import const
from .errors import Expired, Malformed, PolicyRefused, Refused, SealError, StateDamaged, Unreachable

RECORD = "order"

# keys of an order, in the owner's command and in the journal
ADDRESS = const(1)
PAYEE = const(2)
ASSET = const(3)
UNIT = const(4)
BUDGET = const(5)
SECONDS = const(6)
PAUSE_MS = const(7)
# and of its progress
STATUS = const(8)
CODE = const(9)
DIGEST = const(10)

ACTIVE = const(0)
DONE = const(1)
STOPPED = const(2)
FAILED = const(3)

DEFAULT_SECONDS = const(86400)
DEFAULT_PAUSE_MS = const(1000)
_MAX_RETRY_MS = const(8000)

_ORDER = {
    ADDRESS: (True, messages.text),
    PAYEE: (False, messages.hash32),
    ASSET: (True, messages.text),
    UNIT: (True, messages.text),
    BUDGET: (True, messages.amount),
    SECONDS: (False, messages.uint),
    PAUSE_MS: (False, messages.up_to(3600000)),
}


def order(value, this):
    """A new order from a command's arguments. Raises Malformed, Refused while another is active."""
    messages.fit(value, _ORDER)
    current = this.journal.get(RECORD)
    if current is not None and current[STATUS] == ACTIVE:
        raise Refused("another trade is in progress: stop it first")
    made = dict(value)
    made[STATUS] = ACTIVE
    return made


def finish(this, status, code=None):
    """Mark the order as ended; nothing happens when none is active."""
    current = this.journal.get(RECORD)
    if current is not None and current[STATUS] == ACTIVE:
        ended = dict(current)
        ended[STATUS] = status
        if code is not None:
            ended[CODE] = code
        this.journal.put(RECORD, ended)


async def run(this):
    """Carry out orders for ever."""
    retry_ms = 250
    while True:
        current = this.journal.get(RECORD) if this.state == device.PROVISIONED else None
        if current is None or current[STATUS] != ACTIVE:
            await asyncio.sleep(0.2)
            continue
        try:
            await trade(this, current)
            retry_ms = 250
        except (PolicyRefused, Expired, StateDamaged) as error:
            finish(this, FAILED, error.code)
        except (SealError, OSError) as error:
            # whatever the other side or the link did may be over next time; what was promised is in the journal
            print("trade: %s; again in %d ms" % (error, retry_ms))
            await asyncio.sleep(retry_ms / 1000)
            retry_ms = min(retry_ms * 2, _MAX_RETRY_MS)


async def trade(this, wanted):
    """One connection's worth of the order `wanted`. Returns when it is done or no longer active."""
    reader, writer = await this.board.peer_link.connect(wanted[ADDRESS])
    try:
        session = Buyer(this, wanted, rpc.Client(reader, writer))
        await session.agree()
        while this.journal.get(RECORD) == session.order and not await session.step():
            await asyncio.sleep(wanted.get(PAUSE_MS, DEFAULT_PAUSE_MS) / 1000)
        await session.close()
        finish(this, DONE)
    finally:
        await this.board.peer_link.disconnect(writer)


class Buyer:
    """One connection to the device that sells. `order`: the journal's record of what is wanted."""

    def __init__(self, this, wanted, client):
        self._device = this
        self.order = wanted
        self._client = client
        self._receipt = None

    async def agree(self):
        """Authenticate each other, open or resume the channel, and settle what a cut left in the air."""
        this = self._device
        nonce = this.pool.random(seller.NONCE_BYTES)
        reply = await self._client.call(rpc.HELLO, [nonce, this.chain])
        offer = self._check_hello(reply, nonce)
        claims = seller.proof_claims(this.device_id, self._peer.device_id, reply[0], nonce)
        proof, _ = this.signer.sign(labels.PEER_PROOF, claims)
        await self._client.call(rpc.PROVE, proof)
        self._terms = self._channel(offer, this.foreign(reply[1]))
        opened = await self._client.call(rpc.OPEN, self._terms.raw)
        if not isinstance(opened, list) or len(opened) != 2:
            raise Malformed("an open is answered by [voucher, reading]")
        if self._terms.unit != seller.PIECE:
            self._keep_base(opened[1])
        _, amount = this.payer.check_best(self._terms, opened[0], this.public)
        record = this.payer.record(self._terms.digest)
        if amount < record[channel.AMOUNT]:
            await self._pay(*this.payer.again(self._terms))

    def _check_hello(self, reply, nonce):
        this = self._device
        if not isinstance(reply, list) or len(reply) != 4 or not messages.hash32(reply[0]):
            raise Malformed("a hello is answered by [nonce, chain, proof, offer]")
        if not isinstance(reply[1], list) or not all(isinstance(raw, bytes) for raw in reply[1]):
            raise Malformed("a chain is a list of certificates")
        self._peer = identity.check_chain(reply[1], this.root, this.network, this.now())
        seller.check_proof(reply[2], self._peer, this.device_id, nonce, reply[0])
        if self._peer.device_id != self.order.get(PAYEE, self._peer.device_id):
            raise Unreachable("another device answers there")
        if reply[3] is None:
            raise Unreachable("the device there sells nothing")
        offer = channel.offer(reply[3])
        if (offer.asset, offer.unit) != (self.order[ASSET], self.order[UNIT]):
            raise Unreachable("the device there sells %s for %s" % (offer.unit, offer.asset))
        return offer

    def _channel(self, offer, chain):
        this = self._device
        now = this.now()
        if now is None:
            raise policy.Limit(policy.CLOCK_UNSET, "a channel ends at a time and the clock is not set")
        if DIGEST in self.order:
            record = this.payer.record(self.order[DIGEST])
            terms = channel.terms(record[channel.OPEN])
            terms.check_open(now)
            return terms
        # the policy is asked before the first signature too: a channel nobody may pay in is not worth opening
        self._allow(offer.price, this.payer.spent_today(offer.asset))
        expires = now + self.order.get(SECONDS, DEFAULT_SECONDS)
        payee, budget = self._peer.device_id, self.order[BUDGET]
        made = this.payer.find_unused(payee, offer, budget, now)
        if made is None:
            made = this.payer.open(payee, offer, budget, expires, this.pool.random(16), chain)
        self.order = dict(self.order)
        self.order[DIGEST] = made.digest
        this.journal.put(RECORD, self.order)
        return made

    def _keep_base(self, raw):
        message = messages.parse(raw, labels.READING)
        message.verify(self._peer.public)
        self._device.payer.keep_base(self._terms.digest, raw)

    def _allow(self, more, spent_today):
        this = self._device
        owner = this.owner_record()
        spending = policy.Spending(self.order[ASSET], self._peer.device_id, more, spent_today, owner[device.IS_PAUSED])
        policy.check(owner.get(device.POLICY), spending, this.board.clock, this.board.button.pressed)

    async def step(self):
        """One bill and its voucher. True when the order's budget is used up."""
        this = self._device
        promised = this.payer.record(self._terms.digest)[channel.AMOUNT]
        if promised + self._least() > self._terms.capacity:
            return True
        item, due = await self._bill(promised)
        if due > promised:
            made = this.payer.promise(self._terms, due, item, self._allow, self._receipt)
            await self._pay(*made)
        return due + self._least() > self._terms.capacity

    def _least(self):
        # what the next voucher adds at least; less than this left means the budget is used up
        return max(1, self._terms.price)

    async def _bill(self, promised):
        reply = await self._client.call(rpc.BILL, None)
        if not isinstance(reply, list) or len(reply) != 3 or not messages.hash32(reply[0]):
            raise Malformed("a bill is [digest, amount, reading]")
        item, due, raw = reply
        if self._terms.unit == seller.PIECE:
            wanted = promised + self._terms.price
        else:
            message = messages.parse(raw, labels.READING)
            message.verify(self._peer.public)
            base = messages.parse(self._device.payer.record(self._terms.digest)[channel.BASE], labels.READING)
            if message.digest != item:
                raise Malformed("the bill names another reading than it shows")
            wanted = seller.metered_due(self._terms, base, message)
        if due != wanted:
            raise Malformed("billed %s where %d is due" % (due, wanted))
        return item, due

    async def _pay(self, raw, digest, claims):
        reply = await self._client.call(rpc.PAY, raw)
        if not isinstance(reply, list) or len(reply) != 2:
            raise Malformed("a voucher is answered by [receipt, reading]")
        self._receipt = voucher.check_receipt(reply[0], claims, digest, self._peer.public).raw
        if self._terms.unit == seller.PIECE:
            goods = messages.parse(reply[1], labels.READING)
            if goods.digest != claims.get(voucher.ITEM):
                raise Malformed("another reading than the one paid for")
            goods.verify(self._peer.public)
            self._device.bought = reading.summary(goods)

    async def close(self):
        """Ask the payee to close the channel, and keep its receipt and its word."""
        digest = self._terms.digest
        if self._receipt is not None:
            self._device.payer.keep_receipt(digest, self._receipt)
        raw = await self._client.call(rpc.CLOSE, digest)
        message = messages.parse(raw, labels.CHANNEL_CLOSE)
        if message.payload[1] != digest:
            raise Malformed("a close for another channel")
        message.verify(self._peer.public)
        self._device.payer.keep_close(digest, raw)
