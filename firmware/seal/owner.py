"""The owner's commands: signed by the owner's key, with a number that only rises.

    pause, resume      stop and allow spending           policy   {schema policy}: replaces the spending policy
    offer   [asset, unit, price] or null: what to sell   interval seconds between readings
    trade   see `order`                                  stop     ends the trade in progress
    ack     {1: seq, ?2: [channel digest]}: safe elsewhere, may be pruned
    clock   unix seconds                                 wipe     erases key, journal and readings, for good
    update-key  the HSS public key that updates must be signed with too; once
    network see `uplink`, or null: the broker and the way to it

The number is on flash before the command takes effect: a power cut may lose a command, never run one twice.
"""

from . import channel, device, labels, messages, order
from .errors import Malformed, NotAParty, Replay, Unsupported
from .firmware import RECORD as FIRMWARE
from .firmware import Firmware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .ports import Item, Record


class Owner:
    """Runs commands on a `device.Device`. firmware: its `firmware.Firmware`."""

    def __init__(self, this: "Device", firmware: "Firmware | None" = None) -> None:
        self._device = this
        self._firmware = firmware or Firmware(this)
        self._ops = {
            "pause": self._pause,
            "resume": self._resume,
            "policy": self._policy,
            "offer": self._offer,
            "interval": self._interval,
            "trade": self._trade,
            "stop": self._stop,
            "ack": self._ack,
            "clock": self._clock,
            "update-key": self._update_key,
            "network": self._network,
            "wipe": self._wipe,
        }

    def command(self, raw: bytes) -> bool:
        """Check and run a command message; returns True. Raises Refused, BadSignature, NotAParty, Replay,
        Unsupported, Malformed."""
        this = self._device
        this.need(device.PROVISIONED)
        message = messages.parse(raw, labels.COMMAND)
        claims = message.payload
        if claims[1] != this.device_id:
            raise NotAParty("the command is for another device")
        message.verify(this.owner_key)
        record = this.owner_record()
        if claims[2] <= record[device.SEQ]:
            raise Replay("command %d comes after %d" % (claims[2], record[device.SEQ]))
        run = self._ops.get(claims[3])
        if run is None:
            raise Unsupported("command %s" % claims[3])
        record[device.SEQ] = claims[2]
        run(claims.get(4), record)
        return True

    def _put(self, record: "Record") -> None:
        self._device.journal.put("owner", record)

    def _set(self, record: "Record", key: int, value: "Item") -> None:
        record[key] = value
        self._put(record)

    def _pause(self, _: "Item", record: "Record") -> None:
        self._set(record, device.IS_PAUSED, True)

    def _resume(self, _: "Item", record: "Record") -> None:
        self._set(record, device.IS_PAUSED, False)

    def _policy(self, value: "Item", record: "Record") -> None:
        self._set(record, device.POLICY, messages.fit(value, messages.POLICY))

    def _offer(self, value: "Item", record: "Record") -> None:
        self._set(record, device.OFFER, None if value is None else channel.offer(value).pack())

    def _interval(self, value: "Item", record: "Record") -> None:
        if not messages.uint(value) or not 1 <= value <= 86400:
            raise Malformed("the interval is 1 to 86400 seconds")
        self._set(record, device.INTERVAL, value)

    def _clock(self, value: "Item", record: "Record") -> None:
        if not messages.uint(value):
            raise Malformed("the clock is set to unix seconds")
        self._put(record)
        self._device.board.clock.set(value, labels.CLOCK_HOST)

    def _network(self, value: "Item", record: "Record") -> None:
        uplink = self._device.uplink
        if uplink is None:
            raise Unsupported("this board has no way to a broker")
        settings = uplink.check(value)
        self._put(record)
        uplink.configure(settings)

    def _trade(self, value: "Item", record: "Record") -> None:
        if self._device.board.peer_link is None:
            raise Unsupported("this board has no way to a seller")
        taken = order.take(value, self._device, record[device.SEQ])
        self._put(record)
        self._device.journal.put(order.RECORD, taken)

    def _stop(self, _: "Item", record: "Record") -> None:
        self._put(record)
        order.finish(self._device, order.STOPPED)

    def _ack(self, value: "Item", record: "Record") -> None:
        if not isinstance(value, dict) or not messages.uint(value.get(1)):
            raise Malformed("an ack names the last safe reading")
        digests = value.get(2, [])
        if not isinstance(digests, list) or not all(messages.hash32(digest) for digest in digests):
            raise Malformed("an ack names channels by digest")
        payee = self._device.payee
        for digest in digests:
            payee.check_forgettable(digest)
        self._put(record)
        self._device.log.acknowledge(value[1])
        for digest in digests:
            payee.forget(digest)

    def _update_key(self, value: "Item", record: "Record") -> None:
        taken = self._firmware.with_key(value)
        self._put(record)
        self._device.journal.put(FIRMWARE, taken)

    def _wipe(self, _: "Item", record: "Record") -> None:
        this = self._device
        self._put(record)
        this.board.keystore.wipe(device.DEVICE_SLOT)  # first: a cut after this leaves no key to use
        this.journal.put("wiped", True)
        this.load()  # erases the rest, now or after a cut
