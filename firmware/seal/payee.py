"""The device's channels as the payee.

A channel's best voucher is on flash before its receipt leaves. `payee_ticks` says what becomes of ticks.
"""

from . import channel, labels, messages, protection, voucher, watermark
from .channel import BASE, CHAIN, CLOSE, DIGEST, FUNDING, OPEN, TICK, VOUCHER
from .errors import Expired, NotAParty, NotYetValid, Refused, UnknownChannel, Unfunded, WrongNetwork
from .payee_channels import PayeeChannels
from .records import PAST_RECORD, PAYEE_ROLE, SETTLED_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .identity import CertifiedKey
    from typing import Callable
    from .channel import Offer, Terms
    from .cose import Message
    from .ports import Item, Record


class Payee(PayeeChannels):
    """The channels in which the device is paid, and what it takes in them."""

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
        else:
            if payer.generation and record[CHAIN] != chain:  # what a verifier needs for its next vouchers
                terms.message.verify(payer.public)
                record = dict(record)
                record[OPEN], record[CHAIN] = terms.raw, chain
                self._put(record, {})
            if funding is not None and FUNDING not in record:
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
        if amount > self._room(terms, funding):
            raise Unfunded("the ledger's funding has not been shown for the channel")

    def _room(self, terms: "Terms", funding: bytes | None) -> int:
        """The most that the payer may owe in the channel."""
        least_left = self._protection()[protection.LEAST_LEFT]
        if self._fundings.ledger is None or self._fundings.covers(funding, terms, self._now(), least_left):
            return terms.capacity
        room = self._protection()[protection.CREDIT]
        for _, record in self.records():
            if record[DIGEST] != terms.digest and FUNDING not in record and VOUCHER in record:
                if channel.terms(record[OPEN]).payer == terms.payer:
                    room -= voucher.worth(messages.recall(record[VOUCHER], labels.VOUCHER).payload)
        return room

    def most_ticks(self, terms: "Terms", due: int) -> int:
        """The longest chain that the device takes in a voucher of the amount `due`; 0: none."""
        record = self.record(terms.digest)
        room = min(terms.capacity, self._room(terms, record.get(FUNDING))) - due
        return max(0, min(self._longest(record), room // max(1, terms.price)))

    def _longest(self, record: "Record") -> int:
        # goods are paid for one by one, and have no count that ticks could follow
        return 0 if record[BASE] is None else self._protection()[protection.VOUCHER_EVERY]

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
        least_left, taken = self._protection()[protection.LEAST_LEFT], self._ticks.index(record)
        longest = self._longest(record)
        message = voucher.take(raw, terms, best, payer.public, self._now(), least_left, longest, taken)
        if best is None or message.digest != best.digest:
            self._check_credit(terms, voucher.worth(message.payload), record.get(FUNDING))
        return message, best

    def take(self, message: "Message", best: "Message | None") -> bytes:
        """Store a checked voucher if it is better than the best one, and sign the receipt; returns that."""
        if best is None or message.digest != best.digest:
            digest = message.payload[voucher.CHANNEL]
            record = dict(self.record(digest))
            record[VOUCHER] = message.raw  # worth the ticks of the last one, as `check` saw
            record.pop(TICK, None)
            messages.keep(message)
            self._journal.put(channel.record_name(PAYEE_ROLE, digest), record)
            self._ticks.forget(digest)
        receipt, _ = self._signer.sign(labels.RECEIPT, voucher.receipt_payload(message))
        return receipt

    def take_tick(self, terms: "Terms", index: int, value: bytes) -> bool:
        """Take tick `index` under the best voucher; returns whether it is better than the best one so far. Raises
        Refused, Expired, BadTick."""
        record = self.record(terms.digest)
        if CLOSE in record:
            raise Refused("the channel is closed")
        terms.check_open(self._now(), self._protection()[protection.LEAST_LEFT])
        return self._ticks.take(record, index, value)

    def best_tick(self, digest: bytes) -> "list[Item] | None":
        """[index, value] of the best tick under the best voucher, or None."""
        return self._ticks.best(self.record(digest))

    def paid(self, digest: bytes) -> int:
        """What the channel is worth: its best voucher, and the ticks revealed under it."""
        record = self.record(digest)
        claims = self._ticks.claims(record)
        return voucher.worth(claims, self._ticks.index(record)) if claims else 0

    def keep_tick(self, digest: bytes) -> None:
        """Store the channel's best tick, if the device has a better one than flash. Idempotent."""
        record = channel.find_record(self._journal, PAYEE_ROLE, digest)
        if record is not None and self._ticks.best(record) != record.get(TICK):
            self._put(record, {})

    def _put(self, record: "Record", changes: "Record") -> None:
        """Store a record with `changes`, and its best tick."""
        new_record = dict(record)
        new_record.update(changes)
        if self._ticks.best(record) is not None:
            new_record[TICK] = self._ticks.best(record)
        self._journal.put(channel.record_name(PAYEE_ROLE, record[DIGEST]), new_record)

    def receipt(self, record: "Record") -> bytes | None:
        """Sign the receipt that names the best tick, the proof of all ticks; None without one."""
        tick = self._ticks.best(record)
        if tick is None:
            return None
        claims = voucher.receipt_payload(messages.parse(record[VOUCHER], labels.VOUCHER), tick)
        return self._signer.sign(labels.RECEIPT, claims)[0]

    def close(self, digest: bytes, now: int) -> bytes:
        """Sign and store the channel's close; returns its bytes. Idempotent: the first close is final."""
        record = self.record(digest)
        if CLOSE not in record:
            best = self.best(digest)
            index = self._ticks.index(record)
            claims = [] if best is None else [voucher.claim(best.payload, best.digest, index)]
            raw, _ = self._signer.sign(labels.CHANNEL_CLOSE, channel.close_payload(digest, now, claims))
            self._put(record, {CLOSE: raw})
            return raw
        return record[CLOSE]

    def close_others(self, digest: bytes, now: int) -> None:
        """Close every other metered channel. Their vouchers remain claimable."""
        for _, record in self.records():
            terms = channel.terms(record[OPEN])
            if record[BASE] is not None and CLOSE not in record and terms.digest != digest:
                self.close(terms.digest, now)
