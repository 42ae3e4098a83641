"""The requests of a host over a command link (schema/rpc.cddl).

Anyone on the link may read: readings, vouchers and certificates are public. Only a command or an update that the owner
signed, or a renewal or revocation that an issuer signed, changes a provisioned device.
"""

from . import __version__, channel, compat, identity, messages, order_status, p256, rollback, rpc
from .device import DEFAULT_INTERVAL, PROVISIONED
from .records import IDENTITY_LEDGER, IDENTITY_RECORD, OWNER_INTERVAL, OWNER_IS_PAUSED, OWNER_OFFER
from .records import OWNER_AWAKE, OWNER_BATCH, OWNER_GENERATION, OWNER_POLICY, OWNER_SEQ, TRANSFER_RECORD
from .channel import CHAIN, CLOSE, FUNDING, OPEN, SEQ, VOUCHER
from .compat import const
from .errors import Malformed, Unsupported
from .firmware import Firmware

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generator
    from .device import Device
    from .ports import Handlers, Item
    from .provision import Provisioner
    from .slots import Slots

STATES = ("blank", "keyed", "provisioned", "wiped", "damaged")
MAX_BATCH = const(8)  # readings in one reply
MAX_REPLY = const(2000)  # bytes of readings in one reply, if there is more than one: a heap in use has few long pieces
MAX_BENCH = const(50)


class Service:
    """Handlers for one device's command links."""

    def __init__(self, device: "Device", slots: "Slots | None" = None) -> None:
        """slots: None for frozen firmware."""
        self._device = device
        self._provisioner: "Provisioner | None" = None
        self.firmware = Firmware(device, slots)

    def handlers(self) -> "Handlers":
        """Request kind -> function, for `rpc.serve`."""
        return {
            rpc.INFO: self.info,
            rpc.EVIDENCE: lambda item: self._provisioning().evidence(item),
            rpc.GRANT: self._grant,
            rpc.COMMAND: self._command,
            rpc.READINGS: self.readings,
            rpc.CHAIN: self.chain,
            rpc.CHANNELS: self.channels,
            rpc.LEDGER: self._ledger,
            rpc.MARKET: self._market,
            rpc.OWNERS: self._owners,
            rpc.SELFTEST: self.selftest,
            rpc.BENCH: self.bench,
            rpc.REVOKE: self._revoke,
            rpc.ELEMENT: self.element,
            rpc.UPDATE_LOCK: lambda item: self.firmware.updater().lock(item),
            rpc.UPDATE_BEGIN: self.firmware.begin,
            rpc.UPDATE_MANIFEST: lambda item: self.firmware.updater().manifest(item),
            rpc.UPDATE_WRITE: lambda item: self.firmware.updater().write(item),
            rpc.UPDATE_COMMIT: lambda item: self.firmware.updater().commit(item),
        }

    def _provisioning(self) -> "Provisioner":
        """Its code is loaded here: heap that a provisioned device does without."""
        if self._provisioner is None:
            compat.make_room()
            from .provision import Provisioner

            self._provisioner = Provisioner(self._device)
        return self._provisioner

    def _grant(self, raw: bytes) -> bool:
        if not isinstance(raw, bytes):
            raise Malformed("a grant is a message")
        self._provisioning().grant(raw)
        self._provisioner = None
        compat.unload("provision")  # heap: a grant is rare
        return True

    def _command(self, item: "Item") -> bool:
        """The owner's command, see `owner`. On a board with a short heap its code goes again: commands are rare."""
        from .owner import Owner

        try:
            return Owner(self._device, self.firmware).command(item)
        finally:
            compat.spare("owner")

    def _ledger(self, raw: bytes) -> bool:
        """The ledger's funding or refund of a channel -> true."""
        self._device.require_state(PROVISIONED)
        return self._device.fundings.take(raw)

    def _market(self, item: "Item") -> "list[Item]":
        """Null -> what the device sees for sale, and what it chose, see `market`."""
        device = self._device
        if item is not None:
            raise Malformed("market wants null")
        device.require_state(PROVISIONED)
        if device.peers is None:
            raise Unsupported("this board has no way to sellers")
        return device.peers.market().show()

    def _owners(self, index: "Item") -> "list[Item]":
        """index -> [transfers of ownership, the one there, from 0], or [transfers] past the last."""
        device = self._device
        device.require_state(PROVISIONED)
        if not messages.uint(index):
            raise Malformed("owners wants a number")
        count = device.owner_record().get(OWNER_GENERATION, 0)
        return [count, device.journal.get(TRANSFER_RECORD % (index + 1))] if index < count else [count]

    def _revoke(self, raw: bytes) -> bool:
        self._device.require_state(PROVISIONED)
        if not isinstance(raw, bytes):
            raise Malformed("a revocation is a message")
        from . import renewal  # heap, for the few devices that ever need it

        renewal.revoke(self._device, raw)
        return True

    def info(self, nonce: "Item") -> "dict[str, Item]":
        """State, identity and counters, by name. nonce: 32 bytes for a signed status while provisioned, or None."""
        device = self._device
        if nonce is not None and not messages.hash32(nonce):
            raise Malformed("info wants null or a nonce of 32 bytes")
        board = device.board
        addresses = device.peers.addresses() if device.peers else []
        fields = {
            "state": STATES[device.state],
            "fault": device.fault.code if device.fault else None,
            "firmware": __version__,
            "model": board.model,
            "custody": board.keystore.custody,
            "engine": p256.engine,
            "arch": compat.arch(),
            "clock": [board.clock.now(), board.clock.quality],
            "device": device.device_id,
            "peer": addresses[0] if addresses else None,
            "peers": addresses,
            "heap_free": compat.heap_free(),
            "sensors": [sensor.model for sensor in board.sensors],
        }
        fields.update(self.firmware.info())
        if device.state == PROVISIONED:
            fields.update(self._provisioned_info())
            fields.update(order_status.fields(device))
            if nonce is not None:
                fields["status"] = device.standing.status(nonce)
        return fields

    def _provisioned_info(self) -> "dict[str, Item]":
        device = self._device
        owner = device.owner_record()
        return {
            "network": device.network,
            "rotations": len(device.rotations()),
            "owner": identity.device_id(device.owner_key),
            "transfers": owner.get(OWNER_GENERATION, 0),
            "command_seq": owner[OWNER_SEQ],
            "paused": owner[OWNER_IS_PAUSED],
            "policy": owner.get(OWNER_POLICY),
            "offer": owner.get(OWNER_OFFER),
            "protection": device.protection(),
            "interval": owner.get(OWNER_INTERVAL, DEFAULT_INTERVAL),
            "batch": owner.get(OWNER_BATCH, 1),
            "waiting": len(device.batch),
            "awake": owner.get(OWNER_AWAKE, 0),
            "uptime": [device.rest.uptime_ms, device.rest.asleep_ms],
            "reading_seq": device.log.seq,
            "acknowledged": device.log.acknowledged,
            "sensor_fault": device.sensor_fault,
            "trade_fault": device.trade_fault,
            "clock_fault": device.timekeeper.fault,
            "locked": rollback.is_locked(device.journal),
            "uplink": device.uplink and device.uplink.status(),
            "bought": device.last_purchase,
            "channels": [len(device.payer.records()), len(device.payee.records())],
        }

    def readings(self, item: "Item") -> list[bytes]:
        """[seq, limit] -> up to `limit` stored readings above `seq`, oldest first, as many as fit a frame."""
        device = self._device
        device.require_state(PROVISIONED)
        if not isinstance(item, list) or len(item) != 2 or not all(messages.uint(part) for part in item) or not item[1]:
            raise Malformed("readings wants [seq, limit], and a limit of at least 1")
        batch, size = [], 0
        for raw in device.log.since(item[0], min(item[1], MAX_BATCH)):
            size += len(raw) + 3
            if batch and size > MAX_REPLY:
                break
            batch.append(raw)
        return batch

    def chain(self, wanted: "Item") -> list[bytes]:
        """The device's certificates, leaf first; for "rotations" its rotations, oldest first."""
        self._device.require_state(PROVISIONED)
        if wanted not in (None, "rotations"):
            raise Malformed('chain wants null or "rotations"')
        return self._device.rotations() if wanted == "rotations" else self._device.chain

    def channels(self, index: "Item") -> "list[Item]":
        """index -> [count, role, [message, ...], [certificate, ...]] of one channel, or [count] past the last. One
        channel for each request, so that a reply fits a frame. Role 0: the device pays; 1: the device is paid."""
        device = self._device
        device.require_state(PROVISIONED)
        if not messages.uint(index):
            raise Malformed("channels wants a number")
        records = [(0, record) for _, record in device.payer.records()]
        records += [(1, record) for _, record in device.payee.records()]
        if index >= len(records):
            return [len(records)]
        role, record = records[index]
        raws = [device.sign_anew(record[OPEN]), record.get(FUNDING), record.get(VOUCHER)]
        if role == 0 and record[SEQ]:
            raws.append(device.payer.sign_last(channel.terms(record[OPEN]))[0])
            raws.append(device.payer.receipt(record))  # only if it is for this voucher
        if role == 1:
            raws.append(device.payee.receipt(record))  # with the best tick, where there is one
        close = record.get(CLOSE)
        raws.append(close and device.sign_anew(close))
        chain = record[CHAIN]
        if FUNDING in record:  # it is signed by the ledger, whose certificates a verifier needs too
            ledger = device.journal.get(IDENTITY_RECORD).get(IDENTITY_LEDGER, [])
            chain = device.foreign_certificates(ledger) + [raw for raw in chain if raw not in ledger]
        return [len(records), role, [raw for raw in raws if raw is not None], chain]

    def selftest(self, _: "Item", writes: bool = False) -> "Generator[None, None, dict[str, Item]]":
        """{part: true or error code}, in steps, see `selftest`."""
        from . import selftest  # heap, for the few times that it is asked for

        return selftest.run(self._device, writes)

    def element(self, wanted: "Item") -> "Item":
        """What the chip that keeps the keys holds and says, see `element_request`."""
        from . import element_request  # heap, for the few times that it is asked for

        try:
            return element_request.answer(self._device, wanted)
        finally:
            compat.unload("element_request")

    def bench(self, count: "Item") -> "Generator[None, None, list[int]]":
        """count -> [sign microseconds, verify microseconds], in steps, see `selftest`."""
        if not messages.uint(count) or not 1 <= count <= MAX_BENCH:
            raise Malformed("bench wants 1 to %d rounds" % MAX_BENCH)
        from . import selftest

        # the watchdog of a trial still runs, and this request alone may exceed its timeout
        return selftest.bench(self._device, count, self.firmware.slots.feed if self.firmware.slots else int)
