"""What a host can ask of a device over its command link (schema/rpc.cddl).

Anyone on the link may look: readings, vouchers and certificates are made to be shown. Nothing here changes a
provisioned device but a command that its owner signed.
"""

from . import __version__, channel, compat, device, messages, order, p256, rpc
from .channel import AMOUNT, CHAIN, CLOSE, OPEN, SEQ, VOUCHER
from .compat import const, ticks_diff, ticks_ms
from .errors import Malformed, SealError
from .firmware import Firmware
from .owner import Owner
from .provision import Provisioner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .device import Device
    from .ports import Handlers, Item, Record, Slots, Store

STATES = ("blank", "keyed", "provisioned", "wiped", "damaged")
MAX_BATCH = const(8)  # readings in one reply,
MAX_REPLY = const(5500)  # and their bytes, so that it stays under link.MAX_FRAME
MAX_BENCH = const(50)


class Service:
    """Handlers for one device's command links."""

    def __init__(self, this: "Device", slots: "Slots | None" = None) -> None:
        """slots: port Slots, where firmware can be replaced."""
        self._device = this
        self._provisioner = Provisioner(this)
        self.firmware = Firmware(this, slots)
        self._owner = Owner(this, self.firmware)

    def handlers(self) -> "Handlers":
        """Request kind -> function, for `rpc.serve`."""
        return {
            rpc.INFO: self.info,
            rpc.EVIDENCE: self._provisioner.evidence,
            rpc.GRANT: self._grant,
            rpc.COMMAND: self._owner.command,
            rpc.READINGS: self.readings,
            rpc.CHAIN: self.chain,
            rpc.CHANNELS: self.channels,
            rpc.SELFTEST: self.selftest,
            rpc.BENCH: self.bench,
            rpc.UPDATE_LOCK: lambda item: self.firmware.updater().lock(item),
            rpc.UPDATE_BEGIN: lambda item: self.firmware.updater().begin(item),
            rpc.UPDATE_WRITE: lambda item: self.firmware.updater().write(item),
            rpc.UPDATE_COMMIT: lambda item: self.firmware.updater().commit(item),
        }

    def _grant(self, raw: bytes) -> bool:
        if not isinstance(raw, bytes):
            raise Malformed("a grant is a message")
        self._provisioner.grant(raw)
        return True

    def info(self, _: "Item") -> "dict[str, Item]":
        """State, identity and counters, by name."""
        this = self._device
        board = this.board
        told = {
            "state": STATES[this.state],
            "fault": this.fault.code if this.fault else None,
            "firmware": __version__,
            "model": board.model,
            "custody": board.keystore.custody,
            "engine": p256.engine,
            "arch": compat.arch(),
            "clock": [board.clock.now(), board.clock.quality],
            "device": this.device_id,
            "peer": board.peer_link.address if board.peer_link else None,
            "heap_free": compat.heap_free(),
            "sensors": [sensor.model for sensor in board.sensors],
        }
        told.update(self.firmware.info())
        if this.state == device.PROVISIONED:
            told.update(self._provisioned_info())
        return told

    def _provisioned_info(self) -> "dict[str, Item]":
        this = self._device
        owner = this.owner_record()
        wanted = this.journal.get(order.RECORD)
        return {
            "network": this.network,
            "command_seq": owner[device.SEQ],
            "paused": owner[device.IS_PAUSED],
            "policy": owner.get(device.POLICY),
            "offer": owner.get(device.OFFER),
            "interval": owner.get(device.INTERVAL, device.DEFAULT_INTERVAL),
            "reading_seq": this.log.seq,
            "acknowledged": this.log.acknowledged,
            "sensor_fault": this.sensor_fault,
            "trade_fault": this.trade_fault,
            "uplink": this.uplink and this.uplink.told(),
            "bought": this.bought,
            "order": wanted and [wanted[order.STATUS], wanted.get(order.CODE), self._promised(wanted)],
            "channels": [len(this.payer.records()), len(this.payee.records())],
        }

    def _promised(self, wanted: "Record") -> list[int] | None:
        """[seq, amount] of the order's channel, or None before there is one."""
        digest = wanted.get(order.DIGEST)
        record = digest and channel.find_record(self._device.journal, "o", digest)
        return [record[SEQ], record[AMOUNT]] if record else None

    def readings(self, item: "Item") -> list[bytes]:
        """[seq, limit] -> up to `limit` stored readings above `seq`, oldest first, as many as fit a frame; none when
        there is none."""
        this = self._device
        this.need(device.PROVISIONED)
        if not isinstance(item, list) or len(item) != 2 or not all(messages.uint(part) for part in item) or not item[1]:
            raise Malformed("readings wants [seq, limit], and a limit of at least 1")
        found, size = [], 0
        for raw in this.log.since(item[0], min(item[1], MAX_BATCH)):
            size += len(raw) + 3
            if found and size > MAX_REPLY:
                break
            found.append(raw)
        return found

    def chain(self, _: "Item") -> list[bytes]:
        """The device's certificates, leaf first."""
        self._device.need(device.PROVISIONED)
        return self._device.chain

    def channels(self, index: "Item") -> "list[Item]":
        """index -> the channel with that number as [count, role, [message, ...], [certificate, ...]] or [count]: one a
        request, so that a reply fits a frame. Role 0: we pay, 1: we are paid."""
        this = self._device
        this.need(device.PROVISIONED)
        if not messages.uint(index):
            raise Malformed("channels wants a number")
        records = [(0, record) for _, record in this.payer.records()]
        records += [(1, record) for _, record in this.payee.records()]
        if index >= len(records):
            return [len(records)]
        role, record = records[index]
        if role == 0:
            record = this.payer.close_expired(record[channel.DIGEST], this.now())
        found = [record[OPEN], record.get(VOUCHER)]
        if role == 0 and record[SEQ]:
            found.append(this.payer.again(channel.terms(record[OPEN]))[0])
            found.append(this.payer.receipt(record))  # one for an older voucher would stand alone
        found.append(record.get(CLOSE))
        return [len(records), role, [raw for raw in found if raw is not None], record[CHAIN]]

    def selftest(self, _: "Item") -> "dict[str, Item]":
        """{part: true, or the code of what failed}."""
        this = self._device
        found = {
            "curve": _outcome(_sign_and_verify),
            "entropy": _outcome(lambda: this.pool.random(32)),
            "store": _outcome(lambda: _store(this.board.store)),
            "state": this.fault.code if this.fault else True,
        }
        for sensor in this.board.sensors:
            name, number = "sensor " + sensor.model, 1
            while name in found:  # a second of its kind must not hide the first
                number += 1
                name = "sensor %s %d" % (sensor.model, number)
            found[name] = _outcome(sensor.read)
        return found

    def bench(self, count: "Item") -> list[int]:
        """count -> [sign microseconds, verify microseconds], one each, over a throw-away key."""
        if not messages.uint(count) or not 1 <= count <= MAX_BENCH:
            raise Malformed("bench wants 1 to %d rounds" % MAX_BENCH)
        secret = p256.secret_from(self._device.pool.random)
        public, digest = p256.public_key(secret), bytes(32)
        start = ticks_ms()
        for _ in range(count):
            self._alive()
            signature = p256.sign(secret, digest)
        middle = ticks_ms()
        for _ in range(count):
            self._alive()
            p256.verify(public, digest, signature)
        end = ticks_ms()
        return [ticks_diff(middle, start) * 1000 // count, ticks_diff(end, middle) * 1000 // count]

    def _alive(self) -> None:
        # after a trial its watchdog still runs, and this is the one request that may take longer than it waits
        if self.firmware.slots:
            self.firmware.slots.feed()


def _outcome(check: "Callable[[], object]") -> bool | int:
    try:
        check()
        return True
    except SealError as error:
        return error.code
    except OSError:
        return 0


def _sign_and_verify() -> None:
    # RFC 6979 A.2.5: the key, "sample" with SHA-256, and the first bytes of r
    secret = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
    digest = bytes.fromhex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf")
    signature = p256.sign(secret, digest)
    if signature[:4] != b"\xef\xd4\x8b\x2a" or not p256.verify(p256.public_key(secret), digest, signature):
        raise SealError("the curve gives wrong results")


def _store(store: "Store") -> None:
    store.write("selftest", b"\x5a\xa5")
    found = store.read("selftest")
    store.remove("selftest")
    if found != b"\x5a\xa5":
        raise SealError("the store does not give back what it was given")
