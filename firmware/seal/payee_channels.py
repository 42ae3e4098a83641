"""The channels in which the device is paid: stored, and forgotten once their owner has collected them."""

from . import channel, protection, watermark
from .channel import CLOSE, OPEN, VOUCHER
from .errors import Refused, UnknownChannel
from .payee_ticks import PayeeTicks
from .records import PAYEE_ROLE, SETTLED_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Record


class PayeeChannels:
    """The journal's records of the channels in which the device is paid."""

    def __init__(self, device: "Device") -> None:
        """device: with its identity loaded."""
        self._journal = device.journal
        self._signer = device.signer
        self._network = device.network
        self._device_id = device.device_id
        self._now = device.now
        self._protection = device.protection
        self._fundings = device.fundings
        self._ticks = PayeeTicks()

    def records(self) -> "list[tuple[str, Record]]":
        """[(name, record), ...] of every channel."""
        return [(name, self._journal.get(name)) for name in self._journal.names(PAYEE_ROLE + "-")]

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
        self._ticks.forget(digest)
