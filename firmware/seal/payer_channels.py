"""The channels in which the device pays: opened, stored, and forgotten once their deposit is back."""

from . import channel, deposit, labels, order, protection, rollback, voucher, watermark
from .channel import AMOUNT, CHAIN, CLOSE, DIGEST, OPEN, REFUND, RESERVED, REVEALED, SEQ, TICKS
from .errors import Refused, UnknownChannel
from .records import OPENED_RECORD, PAYER_ROLE
from .spent import Spent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Offer, Terms
    from .device import Device
    from .payer_ticks import OpenChain
    from .ports import Record


class PayerChannels:
    """The journal's records of the channels in which the device pays."""

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
        self._random = device.pool.random
        self._chain: "OpenChain | None" = None  # of the channel that was promised in last
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
        order.fold(self._journal, record[DIGEST], self.committed(record[DIGEST]))
        watermark.advance(self._journal, OPENED_RECORD, terms.payee, terms.expires)
        self._days.store(self._days.now())
        self._journal.remove(name)
        if self._chain is not None and self._chain.digest == terms.digest:
            self._chain = None

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

    def chain(self, digest: bytes) -> "OpenChain | None":
        """The chain of the channel's last voucher; None if it has none, or a reset lost it."""
        return self._chain if self._chain is not None and self._chain.digest == digest else None

    def paid(self, digest: bytes) -> int:
        """What the device has paid in a channel for certain: the last voucher, and the ticks revealed since."""
        record, index = self.record(digest), self.revealed(digest)
        return record[AMOUNT] + (index * record[TICKS][voucher.VALUE] if index else 0)

    def revealed(self, digest: bytes) -> int:
        """How many ticks of the last voucher the device has revealed for certain."""
        chain = self.chain(digest)
        return self.record(digest).get(REVEALED, 0) if chain is None else chain.revealed

    def committed(self, digest: bytes) -> int:
        """What all vouchers so far may be worth, once the last chain is revealed no further."""
        record, chain = self.record(digest), self.chain(digest)
        if chain is None:
            return record.get(RESERVED, record[AMOUNT])
        return max(chain.floor, self.paid(digest))

    def _update(self, digest: bytes, changes: "Record") -> None:
        record = dict(self.record(digest))
        record.update(changes)
        self._journal.put(channel.record_name(PAYER_ROLE, digest), record)
