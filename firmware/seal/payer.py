"""The device's promises as the payer.

Reserve, sign, send: a voucher's seq, its cumulative amount and its whole chain of ticks are on flash before its
signature. After an interruption the same content is signed again, so a number never has two amounts.
"""

from . import channel, cose, labels, messages, policy, protection, rollback, voucher
from .channel import AMOUNT, BASE, CHAIN, CLOSE, DAY, ITEM, RECEIPT, REFUND, SEQ, SPENT, TIME, WALL
from .channel import OWN_BASE, RESERVED, REVEALED, TICKS
from .compat import sha256
from .days import SECONDS_A_DAY
from .errors import AmountDecreased, OverCapacity, Refused, Replay, StateDamaged
from .payer_channels import PayerChannels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .channel import Terms
    from .device import Device
    from .payer_ticks import OpenChain
    from .ports import Claims, Record


class Payer(PayerChannels):
    """The channels in which the device pays, and what it promises in them."""

    def keep_base(self, digest: bytes, raw: bytes, own: int | None) -> None:
        """Store the seller's signed reading of its meter at the channel's start, and the count of the device's own
        meter (None: it has none). Ignored after the first voucher."""
        record = self.record(digest)
        if record.get(BASE) != raw and not record[SEQ]:
            self._update(digest, {BASE: raw} if own is None else {BASE: raw, OWN_BASE: own})

    def keep_chain(self, digest: bytes, chain: list[bytes]) -> None:
        """Store what certifies the payee's key of now."""
        self._update(digest, {CHAIN: chain})

    def keep_close(self, digest: bytes, raw: bytes) -> None:
        """Store the close of a channel: no payment follows."""
        self._update(digest, {CLOSE: raw})

    def close(self, digest: bytes, now: int) -> None:
        """Sign and store the device's own close, which claims for the payee what is paid; ticks that a power cut made
        the device forget are the payee's to claim. Idempotent."""
        record = self.record(digest)
        if CLOSE not in record:
            claims = []
            if record[SEQ]:
                last = self._last_claims(digest, record)
                parts = cose.build(labels.VOUCHER, self._signer.kid, last)
                claims = [voucher.claim(last, sha256(cose.sig_structure(*parts)), self.revealed(digest))]
            raw, _ = self._signer.sign(labels.CHANNEL_CLOSE, channel.close_payload(digest, now, claims))
            self.keep_close(digest, raw)

    def keep_receipt(self, digest: bytes, raw: bytes) -> None:
        """Store the payee's latest receipt."""
        self._update(digest, {RECEIPT: raw})

    def receipt(self, record: "Record") -> bytes | None:
        """The stored receipt (bytes) if it is for the last reserved voucher of `record`, else None."""
        raw = record.get(RECEIPT)
        return raw if raw and messages.recall(raw, labels.RECEIPT).payload[voucher.SEQ] == record[SEQ] else None

    def promise(
        self,
        terms: "Terms",
        amount: int,
        item: bytes,
        allow: "Callable[[int, int], None]",
        receipt: bytes | None = None,
        count: int = 0,
    ) -> "tuple[bytes, bytes, Claims]":
        """Reserve and sign the next voucher of a channel, up to the cumulative `amount`; returns (raw, digest, claims).

        item: digest of the reading bought or billed. allow: callable(increase, spent_today) that raises if the policy
        forbids the payment; called before the reservation. receipt: the last receipt, stored in the same write. count:
        ticks, each worth a unit, that the voucher promises on top; the increase has all of them. What the last chain
        did not reveal is given back to the day that it was counted on.
        Raises Expired, OverCapacity, AmountDecreased, Refused, RolledBack, policy.Limit, StorageFull, Fault.
        """
        record, now = self._payable(terms)
        paid, most = self.paid(terms.digest), amount + count * terms.price
        if most > terms.capacity:
            raise OverCapacity("%d is more than the channel's %d" % (most, terms.capacity))
        if amount < paid:
            raise AmountDecreased("%d is less than %d paid already" % (amount, paid))
        floor, spent_today = self.standing(terms)
        reserved = max(floor, most)
        allow(reserved - floor, spent_today)
        self._give_back(terms.digest)
        if self._generation:
            self._generation.promise()
        time = self._days.now()
        day = time // SECONDS_A_DAY
        spent = reserved - floor + (record[SPENT] - self._unrevealed(record, floor) if record.get(DAY) == day else 0)
        changes = {SEQ: record[SEQ] + 1, AMOUNT: amount, RESERVED: reserved, DAY: day, SPENT: spent, ITEM: item}
        changes[TIME], changes[WALL], changes[REVEALED] = time, now, 0
        if receipt is not None:
            changes[RECEIPT] = receipt
        self._chain = None  # first: no tick of the last chain is revealed once its rest is given back
        chain = self._new_chain(terms, count, floor)
        changes[TICKS] = chain and chain.ticks()
        self._update(terms.digest, changes)
        self._chain = chain
        self._days.set_mark(time)
        return self.sign_last(terms)

    def _give_back(self, digest: bytes) -> None:
        """Store how far the chain of another channel than this one was revealed: the device is about to forget that
        chain, and would count all of it as paid. What was revealed its close still claims for the payee."""
        chain = self._chain
        if chain is None or chain.digest == digest:
            return
        record, floor = self.record(chain.digest), self.committed(chain.digest)
        self._chain = None  # first: no tick of it is revealed from now on
        spent = record[SPENT] - self._unrevealed(record, floor)
        self._update(chain.digest, {RESERVED: floor, REVEALED: chain.revealed, SPENT: spent})

    def _payable(self, terms: "Terms") -> "tuple[Record, int]":
        """(record, unix time) of a channel in which the device may still pay."""
        rollback.check(self._journal)
        record = self.record(terms.digest)
        if CLOSE in record or REFUND in record:
            raise Refused("the channel is closed")
        now = self._now()
        if now is None:
            raise policy.Limit(policy.CLOCK_UNSET, "a channel ends at a time and the clock is not set")
        terms.check_open(now, self._least_left())
        return record, now

    def _new_chain(self, terms: "Terms", count: int, floor: int) -> "OpenChain | None":
        if not count:
            return None
        from .payer_ticks import OpenChain  # heap, for devices that pay by ticks

        return OpenChain(terms.digest, self._random(32), count, terms.price, floor)

    def standing(self, terms: "Terms") -> tuple[int, int]:
        """(what all vouchers so far may be worth, what was spent today), once the last chain is revealed no further."""
        record, floor = self.record(terms.digest), self.committed(terms.digest)
        spent = self.spent.today(terms.asset)
        if record.get(DAY) == self._days.today():
            spent -= self._unrevealed(record, floor)
        return floor, spent

    def _unrevealed(self, record: "Record", floor: int) -> int:
        return record.get(RESERVED, record[AMOUNT]) - floor

    def reveal(self, terms: "Terms", index: int, allow: "Callable[[int, int], None]") -> bytes:
        """Tick `index` of the last voucher's chain, which the device has reserved. allow: see `promise`; here it only
        says whether the owner still lets the device pay. Raises Refused, Expired, RolledBack, policy.Limit."""
        self._payable(terms)
        chain = self.chain(terms.digest)
        if chain is None:
            raise Refused("the last voucher has no ticks, or a reset lost them")
        if index > chain.revealed:
            allow(0, 0)
        return chain.reveal(index)

    def _last_claims(self, digest: bytes, record: "Record") -> "Claims":
        return voucher.payload(digest, channel.LANE, record[SEQ], record[AMOUNT], record.get(ITEM), record.get(TICKS))

    def sign_last(self, terms: "Terms") -> "tuple[bytes, bytes, Claims]":
        """Sign the last reserved voucher; returns (raw, digest, claims). The digest is the same at every call."""
        claims = self._last_claims(terms.digest, self.record(terms.digest))
        raw, digest = self._signer.sign(labels.VOUCHER, claims)
        return raw, digest, claims

    def check_best(self, terms: "Terms", raw: bytes | None, device: "Device") -> tuple[int, int]:
        """Compare the payee's best voucher (bytes or None) with the record; returns its (seq, amount).

        A valid voucher beyond the record means that the flash lost data: RolledBack, now and for every payment until
        the owner unlocks the device."""
        if raw is None:
            return 0, 0
        record = self.record(terms.digest)
        try:
            message = voucher.take(raw, terms, None, device.key_of(raw), None, most_ticks=protection.MAX_TICKS)
        except (Replay, OverCapacity) as error:
            raise StateDamaged(str(error))
        seq, amount = message.payload[voucher.SEQ], message.payload[voucher.AMOUNT]
        most = voucher.worth(message.payload)
        promised = record[AMOUNT]
        if record.get(TICKS):
            promised += record[TICKS][voucher.VALUE] * record[TICKS][voucher.COUNT]
        if seq > record[SEQ] or most > max(promised, record.get(RESERVED, 0)):
            rollback.lock(self._journal, message)
            rollback.check(self._journal)
        return seq, amount
