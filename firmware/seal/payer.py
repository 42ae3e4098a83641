"""The device's channels as the payer.

Reserve, sign, send: a voucher's seq and cumulative amount are on flash before its signature. After an interruption the
same content is signed again, so a number never has two amounts.
"""

from . import channel, labels, messages, policy, voucher
from .channel import AMOUNT, BASE, CHAIN, CLOSE, DAY, DIGEST, ITEM, OPEN, RECEIPT, SEQ, SPENT
from .errors import AmountDecreased, OverCapacity, Refused, Replay, StateDamaged, UnknownChannel
from .records import PAYER_ROLE, SPENT_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .channel import Offer, Terms
    from .cose import Signer
    from .journal import Journal
    from .ports import Claims, Clock, Record


class Payer:
    """The channels in which the device pays. network, device_id: 32 bytes each. ledger: its id, which
    every channel names, or None where the grant named none."""

    def __init__(
        self,
        journal: "Journal",
        clock: "Clock",
        signer: "Signer",
        network: bytes,
        device_id: bytes,
        ledger: bytes | None = None,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._clock = clock
        self._signer = signer
        self._network = network
        self._device_id = device_id

    def records(self) -> "list[tuple[str, Record]]":
        """[(name, record), ...] of every channel."""
        return [(name, self._journal.get(name)) for name in self._journal.names(PAYER_ROLE + "-")]

    def find_unpaid(self, payee: bytes, offer: "Offer", capacity: int, now: int) -> "Terms | None":
        """Terms of a matching channel without a payment, or None: a power cut may leave one behind."""
        for _, record in self.records():
            if record[SEQ] or CLOSE in record:
                continue
            terms = channel.terms(record[OPEN])
            is_match = (terms.payee, terms.capacity) == (payee, capacity) and now < terms.expires
            if is_match and (terms.asset, terms.unit, terms.price) == (offer.asset, offer.unit, offer.price):
                return terms
        return None

    def open(
        self, payee: bytes, offer: "Offer", capacity: int, expires: int, nonce: bytes, chain: list[bytes]
    ) -> "Terms":
        """Sign and store a channel-open; returns its terms. chain: the payee's certificates that the device's own chain
        lacks. Raises Refused if the journal has no room for another channel."""
        self._make_room()
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
        }
        if self._ledger is not None:
            claims[labels.TERMS_LEDGER] = self._ledger
        raw, digest = self._signer.sign(labels.CHANNEL_OPEN, claims)
        if channel.find_record(self._journal, PAYER_ROLE, digest) is not None:
            raise Refused("this channel is open already")
        record = {OPEN: raw, DIGEST: digest, SEQ: 0, AMOUNT: 0, CHAIN: chain}
        self._journal.put(channel.record_name(PAYER_ROLE, digest), record)
        return channel.terms(raw)

    def _make_room(self) -> None:
        names = self._journal.names(PAYER_ROLE + "-")
        if len(names) < channel.MAX_CHANNELS:
            return
        for name in names:
            record = self._journal.get(name)
            if CLOSE in record or self._clock.now() >= channel.terms(record[OPEN]).expires:
                self._keep_spent(record)
                self._journal.remove(name)
                return
        raise Refused("%d channels are open: let them be settled first" % len(names))

    def _keep_spent(self, record: "Record") -> None:
        # today's spending still counts against the day's limit; a cut before the removal counts it twice, which is safe
        day = self.today()
        if record.get(DAY) == day:
            asset = channel.terms(record[OPEN]).asset
            totals = self._journal.get(SPENT_RECORD, {})
            totals = {name: total for name, total in totals.items() if total[0] == day}
            totals[asset] = [day, totals.get(asset, (day, 0))[1] + record[SPENT]]
            self._journal.put(SPENT_RECORD, totals)

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

    def keep_base(self, digest: bytes, raw: bytes) -> None:
        """Store the seller's signed reading of its meter at the channel's start. Ignored after the first voucher."""
        record = self.record(digest)
        if record.get(BASE) != raw and not record[SEQ]:
            self._update(digest, {BASE: raw})

    def keep_close(self, digest: bytes, raw: bytes) -> None:
        """Store the close of a channel: no payment follows."""
        self._update(digest, {CLOSE: raw})

    def close_expired(self, digest: bytes, now: int | None) -> "Record":
        """Close an expired channel that its payee left open, to free the rest of the deposit; returns the record.
        now: unix time, or None if the clock is unset."""
        record = self.record(digest)
        if CLOSE not in record and now is not None and now >= channel.terms(record[OPEN]).expires:
            raw, _ = self._signer.sign(labels.CHANNEL_CLOSE, {labels.CLOSE_CHANNEL: digest, labels.CLOSE_TIME: now})
            self.keep_close(digest, raw)
        return self.record(digest)

    def keep_receipt(self, digest: bytes, raw: bytes) -> None:
        """Store the payee's latest receipt."""
        self._update(digest, {RECEIPT: raw})

    def receipt(self, record: "Record") -> bytes | None:
        """The stored receipt (bytes) if it is for the last reserved voucher of `record`, else None."""
        raw = record.get(RECEIPT)
        return raw if raw and messages.parse(raw, labels.RECEIPT).payload[voucher.SEQ] == record[SEQ] else None

    def today(self) -> int:
        """The UTC day for limits, never before a recorded day."""
        day = self._clock.now() // policy.SECONDS_A_DAY
        for _, record in self.records():
            day = max(day, record.get(DAY, 0))
        for total in self._journal.get(SPENT_RECORD, {}).values():
            day = max(day, total[0])
        return day

    def spent_today(self, asset: str) -> int:
        """The amount reserved today in `asset`, over all channels."""
        day = self.today()
        totals = self._journal.get(SPENT_RECORD, {}).get(asset, (0, 0))
        spent = totals[1] if totals[0] == day else 0
        for _, record in self.records():
            if record.get(DAY) == day and channel.terms(record[OPEN]).asset == asset:
                spent += record[SPENT]
        return spent

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
        Raises OverCapacity, AmountDecreased, Refused, policy.Limit, StorageFull, Fault.
        """
        record = self.record(terms.digest)
        if CLOSE in record:
            raise Refused("the channel is closed")
        if amount > terms.capacity:
            raise OverCapacity("%d is more than the channel's %d" % (amount, terms.capacity))
        increase = amount - record[AMOUNT]
        if increase < 0:
            raise AmountDecreased("%d is less than %d promised already" % (amount, record[AMOUNT]))
        allow(increase, self.spent_today(terms.asset))
        day = self.today()
        spent = increase + (record[SPENT] if record.get(DAY) == day else 0)
        changes = {SEQ: record[SEQ] + 1, AMOUNT: amount, DAY: day, SPENT: spent, ITEM: item}
        if receipt is not None:
            changes[RECEIPT] = receipt
        self._update(terms.digest, changes)
        return self.sign_last(terms)

    def sign_last(self, terms: "Terms") -> "tuple[bytes, bytes, Claims]":
        """Sign the last reserved voucher; returns (raw, digest, claims). The digest is the same at every call."""
        record = self.record(terms.digest)
        claims = voucher.payload(terms.digest, channel.LANE, record[SEQ], record[AMOUNT], record.get(ITEM))
        raw, digest = self._signer.sign(labels.VOUCHER, claims)
        return raw, digest, claims

    def check_best(self, terms: "Terms", raw: bytes | None, public: bytes) -> tuple[int, int]:
        """Compare the payee's best voucher (bytes or None) with the record; returns its (seq, amount).

        A valid voucher beyond the record means that the flash lost data: StateDamaged.
        """
        if raw is None:
            return 0, 0
        record = self.record(terms.digest)
        try:
            message = voucher.take(raw, terms, None, public, None)
        except (Replay, OverCapacity) as error:
            raise StateDamaged(str(error))
        seq, amount = message.payload[voucher.SEQ], message.payload[voucher.AMOUNT]
        if seq > record[SEQ] or amount > record[AMOUNT]:
            raise StateDamaged("the payee holds a voucher that this device no longer remembers")
        return seq, amount
