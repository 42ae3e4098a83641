"""The device's channels as the payee.

A channel's best voucher is on flash before its receipt leaves.
"""

from . import channel, labels, messages, protection, voucher, watermark
from .channel import BASE, CHAIN, CLOSE, DIGEST, FUNDING, OPEN, VOUCHER
from .errors import Expired, NotAParty, NotYetValid, Refused, UnknownChannel, Unfunded, WrongNetwork
from .records import PAST_RECORD, PAYEE_ROLE, SETTLED_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .identity import CertifiedKey
    from typing import Callable
    from .channel import Offer, Terms
    from .cose import Message
    from .device import Device
    from .ports import Record


class Payee:
    """The channels in which the device is paid."""

    def __init__(self, device: "Device") -> None:
        """device: with its identity loaded."""
        self._journal = device.journal
        self._signer = device.signer
        self._network = device.network
        self._device_id = device.device_id
        self._now = device.now
        self._protection = device.protection
        self._fundings = device.fundings

    def records(self) -> "list[tuple[str, Record]]":
        """[(name, record), ...] of every channel."""
        return [(name, self._journal.get(name)) for name in self._journal.names(PAYEE_ROLE + "-")]

    def accept(
        self,
        raw: bytes,
        payer: "CertifiedKey",
        offer: "Callable[[], Offer]",
        base: "Callable[[], bytes | None]",
        chain: list[bytes],
        funding: bytes | None = None,
    ) -> "tuple[Terms, Record]":
        """Accept a proposed channel, or find its record, open or closed; returns (terms, record).

        payer: the peer. offer: callable -> the device's offer. base: callable -> a signed reading of the meter, or
        None. chain: the payer's certificates that the device's own chain lacks. funding: the ledger's, or None.
        Raises WrongNetwork, NotAParty, Malformed, Expired, BadSignature, Refused, Unfunded, and UnknownChannel for a
        settled channel, which cannot be used again.
        """
        terms = channel.terms(raw)
        if self._fundings.ledger is None:
            funding = None  # nothing to check it by
        record = channel.find_record(self._journal, PAYEE_ROLE, terms.digest)
        if record is None:
            channel.check_offer(terms, self._network, payer, self._device_id, offer())
            self._check_new(terms, payer)
            if funding is not None:
                self._fundings.check(funding, labels.FUNDING, terms)
            self._check_credit(terms, max(1, terms.price), funding)
            record = {OPEN: terms.raw, DIGEST: terms.digest, BASE: base(), CHAIN: chain}
            if funding is not None:
                record[FUNDING] = funding
            self._make_room(terms.payer)
            self._journal.put(channel.record_name(PAYEE_ROLE, terms.digest), record)
        elif terms.payer != payer.device_id:
            raise NotAParty("the channel is another peer's")
        elif funding is not None and FUNDING not in record:
            self._fundings.take(funding)
            record = self.record(terms.digest)
        return terms, record

    def _check_new(self, terms: "Terms", payer: "CertifiedKey") -> None:
        is_past = any(half == terms.digest[:16] for half, _ in self._journal.get(PAST_RECORD, []))
        if is_past or terms.expires <= watermark.latest(self._journal, SETTLED_RECORD, terms.payer, self._now()):
            raise UnknownChannel("the channel was closed and forgotten, or expires before one that was")
        now, numbers = self._now(), self._protection()
        if now is None:
            raise NotYetValid("a channel ends at a time and the clock is not set")
        terms.check_open(now, numbers[protection.LEAST_LEFT])
        if terms.expires > now + numbers[protection.LONGEST]:
            raise Refused("a channel may be good for %d seconds at most" % numbers[protection.LONGEST])
        if terms.window < numbers[protection.LEAST_WINDOW]:
            raise Refused("a dispute window has %d seconds at least" % numbers[protection.LEAST_WINDOW])
        if self._fundings.ledger is not None and terms.ledger != self._fundings.ledger:
            raise WrongNetwork("the channel is on another ledger")
        if payer.end is not None and payer.end < terms.claim_end:
            raise Expired("the payer's certificates end before the claim does")

    def _check_credit(self, terms: "Terms", amount: int, funding: bytes | None) -> None:
        """Raise Unfunded if `amount` in the channel exceeds what the payer may owe without funding."""
        least_left = self._protection()[protection.LEAST_LEFT]
        if self._fundings.ledger is None or self._fundings.covers(funding, terms, self._now(), least_left):
            return
        for _, record in self.records():
            if record[DIGEST] != terms.digest and FUNDING not in record and VOUCHER in record:
                if channel.terms(record[OPEN]).payer == terms.payer:
                    amount += messages.recall(record[VOUCHER], labels.VOUCHER).payload[voucher.AMOUNT]
        if amount > self._protection()[protection.CREDIT]:
            raise Unfunded("the ledger's funding has not been shown for the channel")

    def _make_room(self, payer: bytes) -> None:
        # a channel without a payment goes first: nothing is lost with it
        records = self.records()
        same = [pair for pair in records if channel.terms(pair[1][OPEN]).payer == payer]
        if len(same) >= self._protection()[protection.CHANNELS_PER_PAYER]:
            self._drop_unpaid(same)
        elif len(records) >= channel.MAX_CHANNELS:
            self._drop_unpaid(records)

    def _drop_unpaid(self, records: "list[tuple[str, Record]]") -> None:
        for name, record in records:
            if VOUCHER not in record:
                self._journal.remove(name)
                return
        raise Refused("%d channels hold vouchers: collect, settle and acknowledge first" % len(records))

    def record(self, digest: bytes) -> "Record":
        """The record of the channel `digest`. Raises UnknownChannel."""
        record = channel.find_record(self._journal, PAYEE_ROLE, digest)
        if record is None:
            raise UnknownChannel("no such channel to be paid in")
        return record

    def best(self, digest: bytes) -> "Message | None":
        """The best voucher so far, or None."""
        raw = self.record(digest).get(VOUCHER)
        return None if raw is None else messages.recall(raw, labels.VOUCHER)

    def check(self, raw: bytes, terms: "Terms", payer: "CertifiedKey") -> "tuple[Message, Message | None]":
        """Check a voucher, its signature before anything else is looked up; returns (voucher, the best one so far or
        None). Raises as `voucher.take` does, Refused, Unfunded."""
        record = self.record(terms.digest)
        if CLOSE in record:
            raise Refused("the channel is closed")
        best = self.best(terms.digest)
        message = voucher.take(raw, terms, best, payer.public, self._now(), self._protection()[protection.LEAST_LEFT])
        if best is None or message.digest != best.digest:
            self._check_credit(terms, message.payload[voucher.AMOUNT], record.get(FUNDING))
        return message, best

    def take(self, message: "Message", best: "Message | None") -> bytes:
        """Store a checked voucher if it is better than the best one, and sign the receipt; returns that."""
        if best is None or message.digest != best.digest:
            digest = message.payload[voucher.CHANNEL]
            record = dict(self.record(digest))
            record[VOUCHER] = message.raw
            messages.keep(message)
            self._journal.put(channel.record_name(PAYEE_ROLE, digest), record)
        receipt, _ = self._signer.sign(labels.RECEIPT, voucher.receipt_payload(message))
        return receipt

    def close(self, digest: bytes, now: int) -> bytes:
        """Sign and store the channel's close; returns its bytes. Idempotent: the first close is final."""
        record = self.record(digest)
        if CLOSE not in record:
            best = self.best(digest)
            claims = [] if best is None else [voucher.claim(best.payload, best.digest)]
            raw, _ = self._signer.sign(labels.CHANNEL_CLOSE, channel.close_payload(digest, now, claims))
            record = dict(record)
            record[CLOSE] = raw
            self._journal.put(channel.record_name(PAYEE_ROLE, digest), record)
        return record[CLOSE]

    def close_others(self, digest: bytes, now: int) -> None:
        """Close every other metered channel. Their vouchers remain claimable."""
        for _, record in self.records():
            terms = channel.terms(record[OPEN])
            if record[BASE] is not None and CLOSE not in record and terms.digest != digest:
                self.close(terms.digest, now)

    def check_forgettable(self, digest: bytes) -> None:
        """Raise Refused for an open channel, which may still receive vouchers. An expired one cannot."""
        record = channel.find_record(self._journal, PAYEE_ROLE, digest)
        if record is None or CLOSE in record:
            return
        now = self._now()
        if now is None or now < channel.terms(record[OPEN]).expires:
            raise Refused("the channel is still open")

    def forget(self, digest: bytes) -> None:
        """Remove a closed channel that the owner has collected; the payer's watermark keeps it from coming back.
        Idempotent. Raises Refused for an open channel."""
        record = channel.find_record(self._journal, PAYEE_ROLE, digest)
        if record is None:
            return
        self.check_forgettable(digest)
        terms = channel.terms(record[OPEN])
        watermark.advance(self._journal, SETTLED_RECORD, terms.payer, terms.expires)
        self._journal.remove(channel.record_name(PAYEE_ROLE, digest))
