"""The device's promises as the payer.

Reserve, sign, send: a voucher's seq and cumulative amount are on flash before its signature. After an interruption the
same content is signed again, so a number never has two amounts.
"""

from . import channel, cose, labels, messages, policy, rollback, voucher
from .channel import AMOUNT, BASE, CLOSE, DAY, ITEM, RECEIPT, REFUND, SEQ, SPENT, TIME, WALL
from .channel import OWN_BASE
from .compat import sha256
from .days import SECONDS_A_DAY
from .errors import AmountDecreased, OverCapacity, Refused, Replay, StateDamaged
from .payer_channels import PayerChannels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .channel import Terms
    from .ports import Claims, Record


class Payer(PayerChannels):
    """The channels in which the device pays, and what it promises in them."""

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
        return raw if raw and messages.parse(raw, labels.RECEIPT).payload[voucher.SEQ] == record[SEQ] else None

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
