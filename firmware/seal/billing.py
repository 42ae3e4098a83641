"""What a seller bills a peer, and the goods that a payment buys.

The offer's unit decides what a payment buys. "reading": one signed reading for each voucher, paid in advance. Any other
SenML unit is metered: the amount due follows the count in signed readings, from the channel's start. Between two
vouchers a tick pays for a unit, and its reply says what is due by a look at the meter that is not signed.
"""

from . import channel, labels, messages, senml, shapes, voucher
from .errors import Expired, Malformed, NoMeter, Refused, SensorFailed, UnknownChannel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .channel import Terms
    from .cose import Message
    from .device import Device
    from .identity import CertifiedKey
    from .ports import Item

PIECE = "reading"
MAX_BILLED = 32  # readings whose place in the log is known: 3 KB of heap
CREDIT = 16  # unpaid readings in a row for one peer


class Billing:
    """The bills for one peer in one channel. `Seller` says who the peer is, and which channel is open."""

    peer: "CertifiedKey"
    _terms: "Terms | None"

    def __init__(self, device: "Device") -> None:
        self._device = device
        self.peer = None
        self._terms = None
        self._start: "tuple[bytes, int]" = (b"", 0)  # (channel's digest, count at its start)

    def _require_terms(self) -> "Terms":
        if self._terms is None:
            raise UnknownChannel("open a channel first")
        return self._terms

    def bill(self, _: "Item") -> "list[Item]":
        """Null -> [digest of the reading, amount due, the reading or null if payment comes first]."""
        terms = self._require_terms()
        record = self._device.payee.record(terms.digest)
        if channel.CLOSE in record:
            raise Refused("the channel is closed")
        self._take_reading(terms.unit)
        log = self._device.log
        if terms.unit == PIECE:
            self._remember_bill(log.prev, log.seq)
            return [log.prev, self._paid() + terms.price, None]
        message = log.last_message()
        base = messages.recall(record[channel.BASE], labels.READING)
        return [message.digest, metered_amount(terms, base, message), message.raw]

    def tick(self, item: "Item") -> "Item":
        """[index, tick] -> amount due. Null -> [longest chain that the next voucher may have, best tick or null].
        Raises BadTick, SensorFailed."""
        terms = self._require_terms()
        device = self._device
        if item is None:
            due = 0 if terms.unit == PIECE else self._due(terms)
            return [device.payee.most_ticks(terms, due), device.payee.best_tick(terms.digest)]
        if not shapes.tick(item):
            raise Malformed("a tick is [index, value]")
        if device.payee.take_tick(terms, item[0], item[1]):
            device.unpaid_readings[self.peer.device_id] = 0
        return self._due(terms)

    def _due(self, terms: "Terms") -> int:
        """What the meter's count comes to now. Nothing is signed, and nothing written."""
        if self._start[0] != terms.digest:
            base = messages.recall(self._device.payee.record(terms.digest)[channel.BASE], labels.READING)
            self._start = (terms.digest, senml.count(base, terms.unit))
        count = self._device.count(terms.unit)
        if count is None or self._start[1] is None or count < self._start[1]:
            raise SensorFailed("the meter does not count in %s" % terms.unit)
        return min(terms.price * (count - self._start[1]), terms.capacity)

    def _remember_bill(self, digest: bytes, seq: int) -> None:
        """Note where the log has the goods: a payment for others finds them among the newest readings alone."""
        billed = self._device.billed
        while len(billed) >= MAX_BILLED and digest not in billed:
            billed.pop(min(billed, key=lambda other: billed[other]))
        billed[digest] = seq

    def _take_reading(self, unit: str) -> bool:
        """Have a new reading for this peer as the log's last, unless the count is the same. False once the peer has
        CREDIT unpaid readings: a reading takes space on flash, and a peer must not fill it for free."""
        device = self._device
        unpaid = device.unpaid_readings.get(self.peer.device_id, 0)
        quantities = device.measure()
        if unit == PIECE and device.missing is not None:
            raise SensorFailed("a reading that lacks a sensor is not sold")
        last = None if unit == PIECE else device.log.last_message()
        has_changed = last is None or senml.find_count(quantities, unit) != senml.count(last, unit)
        if has_changed:
            if unpaid >= CREDIT:
                return False
            device.unpaid_readings[self.peer.device_id] = unpaid + 1
            device.append(quantities)
        return True

    def _paid(self) -> int:
        best = self._device.payee.best(self._terms.digest)
        return best.payload[voucher.AMOUNT] if best else 0

    def _goods(self, message: "Message", best: "Message | None", paid: int) -> bytes | None:
        is_repeat = best is not None and best.digest == message.digest
        if not is_repeat and message.payload[voucher.AMOUNT] < paid + self._terms.price:
            raise Refused("the voucher does not cover the reading's price")
        digest = message.payload.get(voucher.ITEM)
        goods = self._device.log.find(digest, self._device.billed.get(digest))
        if goods is None and not is_repeat:
            raise Expired("the voucher's reading is no longer stored")
        return goods


def metered_amount(terms: "Terms", base: "Message", now: "Message") -> int:
    """The cumulative amount for the meter's count in the reading `now` above the reading `base`.
    Raises SensorFailed if a reading has no count in the channel's unit."""
    first, last = senml.count(base, terms.unit), senml.count(now, terms.unit)
    if first is None or last is None or last < first:
        raise SensorFailed("the readings do not count in %s" % terms.unit)
    return min(terms.price * (last - first), terms.capacity)


def check_meter(device: "Device", unit: str) -> None:
    """Raise NoMeter unless the device can sell `unit`; SensorFailed if a sensor does not say."""
    quantities = device.measure() if device.board.sensors else []
    if not quantities or (unit != PIECE and senml.find_count(quantities, unit) is None):
        raise NoMeter("no sensor here counts in %s" % unit)
