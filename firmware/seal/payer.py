"""The device's channels as the payer.

Reserve, sign, send: a voucher's seq and cumulative amount are on flash before its signature. After an interruption the
same content is signed again, so a number never has two amounts.
"""

from . import channel, cose, deposit, labels, messages, policy, protection, rollback, voucher, watermark
from .channel import AMOUNT, BASE, CHAIN, CLOSE, DAY, DIGEST, ITEM, OPEN, RECEIPT, REFUND, SEQ, SPENT, TIME, WALL
from .channel import OWN_BASE
from .compat import sha256
from .days import SECONDS_A_DAY
from .errors import AmountDecreased, OverCapacity, Refused, Replay, StateDamaged, UnknownChannel
from .records import OPENED_RECORD, PAYER_ROLE
from .spent import Spent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .channel import Offer, Terms
    from .device import Device
    from .ports import Claims, Record


class Payer:
    """The channels in which the device pays."""

    def __init__(self, device: "Device") -> None:
        """device: with its identity loaded."""
        self._journal = device.journal
        self._now = device.now
        self._signer = device.signer
        self._network = device.network
        self._device_id = device.device_id
        self._ledger = device.ledger
        self._protection = device.protection
        self._days = device.days
        self._generation = device.generation
        self.spent = Spent(device.journal, device.days)

    def records(self) -> "list[tuple[str, Record]]":
        """[(name, record), ...] of every channel."""
        return [(name, self._journal.get(name)) for name in self._journal.names(PAYER_ROLE + "-")]

    def find_unpaid(self, payee: bytes, offer: "Offer", capacity: int, now: int) -> "Terms | None":
        """Terms of a matching channel without a payment, or None: a power cut may leave one behind."""
        for _, record in self.records():
            if record[SEQ] or CLOSE in record:
                continue
            terms = channel.terms(record[OPEN])
            is_match = (terms.payee, terms.capacity, terms.ledger) == (payee, capacity, self._ledger)
            is_match = is_match and REFUND not in record and now + self._least_left() < terms.expires
            if is_match and (terms.asset, terms.unit, terms.price) == (offer.asset, offer.unit, offer.price):
                return terms
        return None

    def open(
        self, payee: bytes, offer: "Offer", capacity: int, expires: int, nonce: bytes, chain: list[bytes]
    ) -> "Terms":
        """Sign and store a channel-open; returns its terms. chain: the payee's certificates that the device's own chain
        lacks. The channel expires at `expires`, or just after the last one with this payee if that is later: a payee
        refuses one that expires before a settled one. Raises Refused if the journal has no room for another channel,
        RolledBack."""
        rollback.check(self._journal)
        self._make_room()
        expires = max(expires, 1 + self._last_expiry(payee))
        claims = {
            labels.TERMS_VERSION: channel.VERSION,
            labels.TERMS_NETWORK: self._network,
            labels.TERMS_PAYER: self._device_id,
            labels.TERMS_PAYEE: payee,
            labels.TERMS_ASSET: offer.asset,
            labels.TERMS_CAPACITY: capacity,
            labels.TERMS_EXPIRES: expires,
            labels.TERMS_NONCE: nonce,
            labels.TERMS_PRICE: offer.price,
            labels.TERMS_UNIT: offer.unit,
            labels.TERMS_WINDOW: self._window(expires),
        }
        if self._ledger is not None:
            claims[labels.TERMS_LEDGER] = self._ledger
        raw, digest = self._signer.sign(labels.CHANNEL_OPEN, claims)
        if channel.find_record(self._journal, PAYER_ROLE, digest) is not None:
            raise Refused("this channel is open already")
        record = {OPEN: raw, DIGEST: digest, SEQ: 0, AMOUNT: 0, CHAIN: chain}
        self._journal.put(channel.record_name(PAYER_ROLE, digest), record)
        return channel.terms(raw)

    def _least_left(self) -> int:
        return self._protection()[protection.LEAST_LEFT]

    def _last_expiry(self, payee: bytes) -> int:
        now = self._now()
        last = watermark.latest(self._journal, OPENED_RECORD, payee, now)
        for _, record in self.records():
            terms = channel.terms(record[OPEN])
            if terms.payee == payee and watermark.is_near(terms.expires, now):
                last = max(last, terms.expires)
        return last

    def _window(self, expires: int) -> int:
        """Seconds of a new dispute window: as long as the channel, for a seller trusts its funding so long."""
        numbers = self._protection()
        lasts = max(0, expires - (self._now() or expires)) + 2 * numbers[protection.LEAST_LEFT]
        return max(numbers[protection.LEAST_WINDOW], lasts)

    def _make_room(self) -> None:
        records = self.records()
        if len(records) < channel.MAX_CHANNELS:
            return
        for name, record in records:
            if deposit.is_over(record, self._signer.kid):
                self._drop(name, record)
                return
        raise Refused("%d channels hold money: settle them and acknowledge first" % len(records))

    def _drop(self, name: str, record: "Record") -> None:
        terms = channel.terms(record[OPEN])
        self.spent.keep(record, terms.asset)
        watermark.advance(self._journal, OPENED_RECORD, terms.payee, terms.expires)
        self._days.store(self._days.now())
        self._journal.remove(name)

    def check_forgettable(self, digest: bytes) -> None:
        """Raise Refused for a channel whose money may still be locked: before the claim's end, without the ledger's
        refund or the payee's close with claims."""
        record = channel.find_record(self._journal, PAYER_ROLE, digest)
        if record is None or deposit.is_over(record, self._signer.kid):
            return
        now = self._now()
        if now is None or now < deposit.claim_end(record):
            raise Refused("the channel's deposit is locked until its claim ends")

    def forget(self, digest: bytes) -> None:
        """Remove a channel that the owner has collected, see `check_forgettable`. Idempotent."""
        record = channel.find_record(self._journal, PAYER_ROLE, digest)
        if record is not None:
            self.check_forgettable(digest)
            self._drop(channel.record_name(PAYER_ROLE, digest), record)

    def record(self, digest: bytes) -> "Record":
        """The record of the channel `digest`. Raises UnknownChannel."""
        record = channel.find_record(self._journal, PAYER_ROLE, digest)
        if record is None:
            raise UnknownChannel("no such channel to pay in")
        return record

    def _update(self, digest: bytes, changes: "Record") -> None:
        record = dict(self.record(digest))
        record.update(changes)
        self._journal.put(channel.record_name(PAYER_ROLE, digest), record)

    def keep_base(self, digest: bytes, raw: bytes, own: int | None) -> None:
        """Store the seller's signed reading of its meter at the channel's start, and the count of the device's own
        meter (None: it has none). Ignored after the first voucher."""
        record = self.record(digest)
        if record.get(BASE) != raw and not record[SEQ]:
            self._update(digest, {BASE: raw} if own is None else {BASE: raw, OWN_BASE: own})

    def keep_close(self, digest: bytes, raw: bytes) -> None:
        """Store the close of a channel: no payment follows."""
        self._update(digest, {CLOSE: raw})

    def close(self, digest: bytes, now: int) -> None:
        """Sign and store the device's own close, which claims for the payee all that was promised. Idempotent."""
        record = self.record(digest)
        if CLOSE not in record:
            claims = []
            if record[SEQ]:
                last = self._last_claims(digest, record)
                parts = cose.build(labels.VOUCHER, self._signer.kid, last)
                claims = [voucher.claim(last, sha256(cose.sig_structure(*parts)))]
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
    ) -> "tuple[bytes, bytes, Claims]":
        """Reserve and sign the next voucher of a channel, up to the cumulative `amount`; returns (raw, digest, claims).

        item: digest of the reading bought or billed. allow: callable(increase, spent_today) that raises if the policy
        forbids the payment; called before the reservation. receipt: the last receipt, stored in the same write.
        Raises Expired, OverCapacity, AmountDecreased, Refused, RolledBack, policy.Limit, StorageFull, Fault.
        """
        rollback.check(self._journal)
        record = self.record(terms.digest)
        if CLOSE in record or REFUND in record:
            raise Refused("the channel is closed")
        now = self._now()
        if now is None:
            raise policy.Limit(policy.CLOCK_UNSET, "a channel ends at a time and the clock is not set")
        terms.check_open(now, self._least_left())
        if amount > terms.capacity:
            raise OverCapacity("%d is more than the channel's %d" % (amount, terms.capacity))
        increase = amount - record[AMOUNT]
        if increase < 0:
            raise AmountDecreased("%d is less than %d promised already" % (amount, record[AMOUNT]))
        allow(increase, self.spent.today(terms.asset))
        if self._generation:
            self._generation.promise()
        time = self._days.now()
        day = time // SECONDS_A_DAY
        spent = increase + (record[SPENT] if record.get(DAY) == day else 0)
        changes = {SEQ: record[SEQ] + 1, AMOUNT: amount, DAY: day, SPENT: spent, ITEM: item, TIME: time, WALL: now}
        if receipt is not None:
            changes[RECEIPT] = receipt
        self._update(terms.digest, changes)
        self._days.set_mark(time)
        return self.sign_last(terms)

    def _last_claims(self, digest: bytes, record: "Record") -> "Claims":
        return voucher.payload(digest, channel.LANE, record[SEQ], record[AMOUNT], record.get(ITEM))

    def sign_last(self, terms: "Terms") -> "tuple[bytes, bytes, Claims]":
        """Sign the last reserved voucher; returns (raw, digest, claims). The digest is the same at every call."""
        claims = self._last_claims(terms.digest, self.record(terms.digest))
        raw, digest = self._signer.sign(labels.VOUCHER, claims)
        return raw, digest, claims

    def check_best(self, terms: "Terms", raw: bytes | None, public: bytes) -> tuple[int, int]:
        """Compare the payee's best voucher (bytes or None) with the record; returns its (seq, amount).

        A valid voucher beyond the record means that the flash lost data: RolledBack, now and for every payment until
        the owner unlocks the device."""
        if raw is None:
            return 0, 0
        record = self.record(terms.digest)
        try:
            message = voucher.take(raw, terms, None, public, None)
        except (Replay, OverCapacity) as error:
            raise StateDamaged(str(error))
        seq, amount = message.payload[voucher.SEQ], message.payload[voucher.AMOUNT]
        if seq > record[SEQ] or amount > record[AMOUNT]:
            rollback.lock(self._journal, message)
            rollback.check(self._journal)
        return seq, amount
