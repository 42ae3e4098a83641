"""The owner's commands: signed by the owner's key, with rising numbers.

    pause, resume      stop and allow spending           policy   {schema policy}: replaces the spending policy
    offer   [asset, unit, price] or null: what to sell   interval see `pace`
    trade   see `order`                                  stop     ends the active order
    order   see `standing_order`
    ack     {1: seq, ?2: [channel digest], ?3: digest of that reading}: the owner has a copy, so the device may prune
    clock   unix seconds                                 wipe     erases key, journal and readings, for good
    unlock  see `rollback`                               take    {message transfer}: a new owner, see `ownership`
    update-key  the HSS public key for updates; once     undelegate  see `ownership`
    network see `uplink`, or null: Wi-Fi and broker
    rotate  the host's nonce, 32 bytes: a new key, see `rotation`
    protect {name: number}, see `protection`             close   a channel's digest: close it, in either role

A command ends: by its time (key 5) where the device's clock is set, or by the device's last status (key 6), which
is good for ten minutes. An operator's command comes with its delegation, see `ownership`. The number is on flash before
the command takes effect: a power cut may lose a command, but never repeats one.
"""

from . import billing, channel, labels, messages, order, protection, rollback, timekeeping
from .device import PROVISIONED
from .records import FIRMWARE_RECORD, ORDER_RECORD, OWNER_GENERATION, OWNER_IS_PAUSED, OWNER_OFFER, OWNER_POLICY
from .records import OWNER_PROTECTION, OWNER_RECORD, OWNER_SEQ, PAYER_ROLE, WIPED_RECORD
from .compat import const, make_room
from .errors import BadSignature, Expired, Malformed, NotAParty, Replay, StorageFull, Unlimited, Unsupported
from .firmware import Firmware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cose import Message
    from .device import Device
    from .ports import Claims, Item, Record

_MAX_LEAP = const(0xFFFFFFFF)  # of one number above the last: nobody uses up those of the owners after them


class Owner:
    """Runs the owner's commands on a device."""

    def __init__(self, device: "Device", firmware: "Firmware | None" = None) -> None:
        self._device = device
        self._firmware = firmware or Firmware(device)
        self._ops = {
            "pause": self._pause,
            "resume": self._resume,
            "policy": self._policy,
            "offer": self._offer,
            "interval": self._interval,
            "trade": self._trade,
            "order": self._order,
            "stop": self._stop,
            "ack": self._ack,
            "clock": self._clock,
            "update-key": self._update_key,
            "network": self._network,
            "protect": self._protect,
            "close": self._close,
            "unlock": self._unlock,
            "rotate": self._rotate,
            "take": self._take,
            "undelegate": self._undelegate,
            "wipe": self._wipe,
        }

    def command(self, item: "Item") -> bool:
        """Check and run a command message, alone or in a list with its delegation; returns True. Raises Refused,
        BadSignature, NotAParty, Replay, Expired, Unlimited, Unsupported, Malformed, FormerOwner, NotDelegated,
        DelegationEnded."""
        device = self._device
        device.require_state(PROVISIONED)
        raw, delegation = item if isinstance(item, list) and len(item) == 2 else (item, None)
        if not isinstance(raw, bytes) or (raw is not item and not isinstance(delegation, bytes)):
            raise Malformed("a command is a message, or a list of it and its delegation")
        message = messages.parse(raw, labels.COMMAND)
        claims = message.payload
        if claims[labels.COMMAND_DEVICE] != device.device_id:
            raise NotAParty("the command is for another device")
        record = device.owner_record()
        self._check_signer(message, delegation, record)
        self._check_time(claims)
        seq = claims[labels.COMMAND_SEQ]
        if seq <= record[OWNER_SEQ]:
            raise Replay("command %d comes after %d" % (seq, record[OWNER_SEQ]))
        if seq - record[OWNER_SEQ] > _MAX_LEAP:
            raise Malformed("command %d is too far above %d" % (seq, record[OWNER_SEQ]))
        run = self._ops.get(claims[labels.COMMAND_OP])
        if run is None:
            raise Unsupported("command %s" % claims[labels.COMMAND_OP])
        record[OWNER_SEQ] = seq
        run(claims.get(labels.COMMAND_ARGUMENTS), record)
        return True

    def _check_signer(self, message: "Message", delegation: "Item", record: "Record") -> None:
        claims = message.payload
        if delegation is None and claims[labels.COMMAND_OP] != "take" and labels.COMMAND_DELEGATION not in claims:
            try:
                message.verify(self._device.owner_key)
                return
            except BadSignature:
                if OWNER_GENERATION not in record:  # it has had no other owner
                    raise
        from . import ownership  # heap, for the few devices that ever need it

        ownership.check_signer(self._device, message, delegation, record)

    def _check_time(self, claims: "Claims") -> None:
        """Raise Expired, Replay or Unlimited for a command that somebody may have kept for later."""
        ends, status, now = claims.get(labels.COMMAND_NOT_AFTER), claims.get(labels.COMMAND_STATUS), self._device.now()
        if ends is not None and now is not None and now > ends:
            raise Expired("the command was good until %d" % ends)
        if status is not None:
            self._device.standing.check_last(status)
        elif ends is None or now is None:
            raise Unlimited("the command has no end that this device can check")

    def _put(self, record: "Record") -> None:
        self._device.journal.put(OWNER_RECORD, record)

    def _set(self, record: "Record", key: int, value: "Item") -> None:
        record[key] = value
        self._put(record)

    def _pause(self, _: "Item", record: "Record") -> None:
        self._set(record, OWNER_IS_PAUSED, True)

    def _resume(self, _: "Item", record: "Record") -> None:
        self._set(record, OWNER_IS_PAUSED, False)

    def _policy(self, value: "Item", record: "Record") -> None:
        self._set(record, OWNER_POLICY, messages.fit(value, messages.POLICY))

    def _offer(self, value: "Item", record: "Record") -> None:
        offer = None if value is None else channel.offer(value)
        if offer is not None:
            billing.check_meter(self._device, offer.unit)
        self._set(record, OWNER_OFFER, offer and offer.pack())

    def _interval(self, value: "Item", record: "Record") -> None:
        from . import pace  # heap, for the few times that it is set

        pace.set_pace(value, record)
        self._put(record)

    def _clock(self, value: "Item", record: "Record") -> None:
        if not messages.uint(value):
            raise Malformed("the clock is set to unix seconds")
        timekeeping.check_range(value)
        self._put(record)
        self._device.timekeeper.rebase(value)
        self._device.payer.spent.rebase(value)

    def _protect(self, value: "Item", record: "Record") -> None:
        numbers = dict(record.get(OWNER_PROTECTION, {}))
        numbers.update(protection.fit(value))
        self._set(record, OWNER_PROTECTION, numbers)

    def _close(self, value: "Item", record: "Record") -> None:
        device = self._device
        if not messages.hash32(value):
            raise Malformed("a channel is named by its digest")
        is_payer = channel.find_record(device.journal, PAYER_ROLE, value) is not None
        party = device.payer if is_payer else device.payee
        party.record(value)  # UnknownChannel uses up no number
        self._put(record)
        if is_payer:
            order.finish(device, order.STOPPED, digest=value)
        party.close(value, device.board.clock.now())

    def _unlock(self, _: "Item", record: "Record") -> None:
        self._put(record)
        rollback.unlock(self._device.journal)

    def _take(self, value: "Item", record: "Record") -> None:
        from . import ownership  # heap

        ownership.take(self._device, value, record)
        self._firmware.drop_update()

    def _undelegate(self, value: "Item", record: "Record") -> None:
        from . import ownership

        self._set(record, *ownership.undelegate(value, record))

    def _network(self, value: "Item", record: "Record") -> None:
        uplink = self._device.uplink
        if uplink is None:
            raise Unsupported("this board has no way to a broker")
        settings = uplink.check(value)
        self._put(record)
        uplink.configure(settings)

    def _trade(self, value: "Item", record: "Record") -> None:
        rollback.check(self._device.journal)
        new_record = order.start(value, self._device, record[OWNER_SEQ])
        peers = self._device.peers
        if peers is None or not peers.reaches(new_record[order.ADDRESS]):
            raise Unsupported("this board has no way to %s" % new_record[order.ADDRESS])
        self._put(record)
        self._device.journal.put(ORDER_RECORD, new_record)

    def _order(self, value: "Item", record: "Record") -> None:
        if self._device.peers is None:
            raise Unsupported("this board has no way to sellers")
        rollback.check(self._device.journal)
        from . import standing_order  # heap, for the devices that have one

        new_record = standing_order.start(value, self._device, record[OWNER_SEQ])
        self._put(record)
        self._device.journal.put(ORDER_RECORD, new_record)

    def _stop(self, _: "Item", record: "Record") -> None:
        self._put(record)
        order.finish(self._device, order.STOPPED)

    def _ack(self, value: "Item", record: "Record") -> None:
        device = self._device
        digests = rollback.check_ack(device.log, value)
        for digest in digests:
            device.payee.check_forgettable(digest)
            device.payer.check_forgettable(digest)
        try:
            self._put(record)
        except StorageFull:  # only this command frees a full flash; the same ack again frees no more
            device.log.prune(value[rollback.ACK_SEQ])
            self._put(record)
        device.log.acknowledge(value[rollback.ACK_SEQ])
        for digest in digests:
            device.payee.forget(digest)
            device.payer.forget(digest)

    def _update_key(self, value: "Item", record: "Record") -> None:
        new_record = self._firmware.record_with_key(value)
        self._put(record)
        self._device.journal.put(FIRMWARE_RECORD, new_record)

    def _rotate(self, value: "Item", record: "Record") -> None:
        make_room()
        from . import rotation  # heap, for the few times that it is ordered

        slots = self._firmware.slots
        rotation.check(self._device, value, bool(slots and slots.on_trial))
        self._put(record)
        rotation.rotate(self._device, value)

    def _wipe(self, _: "Item", record: "Record") -> None:
        device = self._device
        self._put(record)
        device.journal.put(WIPED_RECORD, True)
        device.load()  # erases the key and the rest, now or at the start after a cut
