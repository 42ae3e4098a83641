"""The device's channels as the payee.

A channel's best voucher is on flash before its receipt leaves.
"""

from . import channel, labels, messages, voucher
from .channel import BASE, CHAIN, CLOSE, DIGEST, OPEN, VOUCHER
from .compat import const
from .errors import NotAParty, NotYetValid, Refused, UnknownChannel, WrongNetwork
from .records import PAST_RECORD, PAYEE_ROLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .identity import CertifiedKey
    from typing import Callable
    from .channel import Offer, Terms
    from .cose import Message, Signer
    from .journal import Journal
    from .ports import Item, Record

_MAX_PAST = const(64)


class Payee:
    """The channels in which the device is paid. now: callable -> unix time, or None if the clock is unset.
    ledger: the id of the one ledger whose channels it takes, or None for any."""

    def __init__(
        self,
        journal: "Journal",
        signer: "Signer",
        network: bytes,
        device_id: bytes,
        now: "Callable[[], int | None]",
        ledger: bytes | None = None,
    ) -> None:
        self._ledger = ledger
        self._journal = journal
        self._signer = signer
        self._network = network
        self._device_id = device_id
        self._now = now

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
    ) -> "tuple[Terms, Record]":
        """Accept a proposed channel, or find its record, open or closed; returns (terms, record).

        payer: the peer. offer: callable -> the device's offer. base: callable -> a signed reading of the meter, or
        None. chain: the payer's certificates that the device's own chain lacks.
        Raises WrongNetwork, NotAParty, Malformed, Expired, BadSignature, Refused, and UnknownChannel for a settled
        channel, which cannot be used again.
        """
        terms = channel.terms(raw)
        record = channel.find_record(self._journal, PAYEE_ROLE, terms.digest)
        if record is None:
            channel.check_offer(terms, self._network, payer, self._device_id, offer())
            self._check_new(terms)
            record = {OPEN: terms.raw, DIGEST: terms.digest, BASE: base(), CHAIN: chain}
            self._make_room()
            self._journal.put(channel.record_name(PAYEE_ROLE, terms.digest), record)
        elif terms.payer != payer.device_id:
            raise NotAParty("the channel is another peer's")
        return terms, record

    def _check_new(self, terms: "Terms") -> None:
        if self._ledger is not None and terms.ledger != self._ledger:
            raise WrongNetwork("the channel is for another ledger")
        if any(half == terms.digest[:16] for half, _ in self._journal.get(PAST_RECORD, [])):
            raise UnknownChannel("the channel was closed and forgotten")
        now = self._now()
        if now is None:
            raise NotYetValid("a channel ends at a time and the clock is not set")
        terms.check_open(now)
        if terms.expires > now + channel.MAX_SECONDS:
            raise Refused("a channel may be good for %d days at most" % (channel.MAX_SECONDS // 86400))

    def _make_room(self) -> None:
        records = self.records()
        if len(records) < channel.MAX_CHANNELS:
            return
        for name, record in records:
            if VOUCHER not in record:  # no payment: nothing is lost with the channel
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
        return None if raw is None else messages.parse(raw, labels.VOUCHER)

    def take(self, raw: bytes, terms: "Terms", payer: "CertifiedKey") -> "tuple[bytes, Message]":
        """Check a voucher, store it if it is better, sign the receipt; returns (receipt, voucher)."""
        record = self.record(terms.digest)
        if CLOSE in record:
            raise Refused("the channel is closed")
        best = self.best(terms.digest)
        message = voucher.take(raw, terms, best, payer.public, self._now())
        if best is None or message.digest != best.digest:
            new_record = dict(record)
            new_record[VOUCHER] = message.raw
            self._journal.put(channel.record_name(PAYEE_ROLE, terms.digest), new_record)
        receipt, _ = self._signer.sign(labels.RECEIPT, voucher.receipt_payload(message))
        return receipt, message

    def close(self, digest: bytes, now: int) -> bytes:
        """Sign and store the channel's close; returns its bytes. Idempotent: the first close is final."""
        record = self.record(digest)
        if CLOSE not in record:
            claims = {labels.CLOSE_CHANNEL: digest, labels.CLOSE_TIME: now, labels.CLOSE_CLAIMS: self._claims(digest)}
            raw, _ = self._signer.sign(labels.CHANNEL_CLOSE, claims)
            record = dict(record)
            record[CLOSE] = raw
            self._journal.put(channel.record_name(PAYEE_ROLE, digest), record)
        return record[CLOSE]

    def _claims(self, digest: bytes) -> "Item":
        """What the device claims in a channel: the ledger refunds the rest at once, and keeps this for us."""
        best = self.best(digest)
        if best is None:
            return []
        claims = best.payload
        return [[claims[voucher.LANE], claims[voucher.SEQ], claims[voucher.AMOUNT], best.digest]]

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
        """Remove a closed channel that the owner has collected; the record "past" keeps its name until it expires.
        Idempotent. Raises Refused for an open channel, or if the record "past" is full."""
        record = channel.find_record(self._journal, PAYEE_ROLE, digest)
        if record is None:
            return
        self.check_forgettable(digest)
        now = self._now()
        forgotten = [entry for entry in self._journal.get(PAST_RECORD, []) if now is None or now < entry[1]]
        if not any(half == digest[:16] for half, _ in forgotten):
            forgotten.append([digest[:16], channel.terms(record[OPEN]).expires])
        if len(forgotten) > _MAX_PAST:
            raise Refused("%d closed channels have not expired yet: acknowledge this one later" % _MAX_PAST)
        self._journal.put(PAST_RECORD, forgotten)
        self._journal.remove(channel.record_name(PAYEE_ROLE, digest))
