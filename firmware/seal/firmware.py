"""The running firmware: its slot, its version, its trial, and the entry to updates.

Versions only rise: the floor, a record of the journal, rises once a version is confirmed. During a trial the app runs
its self-test (`attend`), then confirms or resets; after the last boot of a trial the loader starts the old slot. The
updater is imported with the first update: a board's memory is short.
"""

import asyncio

from . import cbor, compat, labels, messages, notes, p256
from .device import PROVISIONED
from .compat import const
from .errors import Fault, Malformed, NoMemory, Refused, SealError
from .records import FIRMWARE_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .device import Device
    from .ports import Item, Record
    from .slots import Slots
    from .update import Updater

# Keys of the record
FLOOR = const(1)  # uint: the highest confirmed version
HSS = const(2)  # bytes: the HSS public key; absent until the owner sets it

HEALTHY = (
    "curve",
    "entropy",
    "store",
    "state",
)  # parts of the self-test; a broken sensor does not condemn the firmware
SETTLE_SECONDS = 2  # time for the links to fail before the self-test
_PAUSE_SECONDS = 0.5
_BEGINNING = const(256)  # bytes of a manifest: header, model and version
_SIGN1 = b"\xd2\x84"  # how a COSE_Sign1 begins
_BYTES_OF_ONE = const(0x58)  # initial byte of a byte string whose length is in one byte


class Firmware:
    """The firmware of a device. slots: None for frozen firmware, which cannot be updated."""

    _updater: "Updater"

    def __init__(self, device: "Device", slots: "Slots | None" = None) -> None:
        self._device = device
        self._updater = None
        self.slots = slots
        self.version = _manifest_version(slots.folder(slots.slot)) if slots and slots.slot else 0
        self.reset_pending = False  # the new version runs after a reset
        self.is_short = False  # the heap has no room for an update, and a reset makes some

    def info(self) -> "dict[str, Item]":
        """Slot, version and trial, by name, for `Service.info`."""
        slots = self.slots
        if slots is None:
            return {}
        fields = {"slot": slots.slot or "factory", "version": self.version, "trial": slots.on_trial}
        if slots.rolled_back is not None:
            fields["rolled_back"] = slots.rolled_back
        if self._device.state == PROVISIONED:
            fields["hss"] = self.hss_key() is not None
        return fields

    def updater(self) -> "Updater":
        """The updater, imported at the first call."""
        if self._updater is None:
            p256.forget(keeps_room=False)  # heap: after an update comes a reset
            compat.make_room()
            from .update import Updater

            self._updater = Updater(self._device, self)
        return self._updater

    def begin(self, item: "Item") -> int:
        """`Updater.begin`. A heap that was long in use may have no piece for its code: then a beginning that the owner
        signed resets the board, and works the next time. Raises NoMemory until then."""
        try:
            if not self.is_short:
                return self.updater().begin(item)
        except MemoryError:
            self.is_short = self._is_owners(item)
        raise NoMemory("the heap has no room for an update%s" % ("; a reset follows" if self.is_short else ""))

    def _is_owners(self, item: "Item") -> bool:
        """Whether the owner signed what [size, digest, signature] begins, and a reset may follow."""
        if not self.slots or self.slots.on_trial or self._device.state != PROVISIONED:
            return False
        if not isinstance(item, list) or len(item) != 3 or not messages.hash32(item[1]):
            return False
        return isinstance(item[2], bytes) and len(item[2]) == 64 and p256.verify(self._device.owner_key, *item[1:])

    def drop_update(self) -> None:
        """Forget an update that has begun: its owner is another one now. One that was committed goes on."""
        self._updater = None

    def record(self) -> "Record":
        """A copy of the record: change it, then put it."""
        return dict(self._device.journal.get(FIRMWARE_RECORD, {FLOOR: 0}))

    def hss_key(self) -> bytes | None:
        """The HSS public key for updates, or None."""
        return self.record().get(HSS)

    def floor(self) -> int:
        """An update's version must be above this one."""
        return max(self.record()[FLOOR], self.version)

    def record_with_key(self, public: bytes) -> "Record":
        """The record with the owner's HSS public key added. Raises Refused if a key is set, BadKey, Malformed."""
        from . import lms

        if not isinstance(public, bytes):
            raise Malformed("an HSS public key is a byte string")
        lms.check_public(public)
        record = self.record()
        if HSS in record:
            raise Refused("there is an HSS key: only a wipe removes it")
        record[HSS] = public
        return record

    def settle(self) -> None:
        """Raise the floor to the running version, except during a trial. A failure is logged and retried at the next
        start: a full flash does not condemn the version."""
        try:
            record = self.record()
            if self._device.state == PROVISIONED and not self.slots.on_trial and self.version > record[FLOOR]:
                record[FLOOR] = self.version
                self._device.journal.put(FIRMWARE_RECORD, record)
        except (SealError, OSError, MemoryError) as error:
            notes.trace("firmware: the version cannot be noted", error)

    def confirm(self, outcomes: "dict[str, Item]") -> None:
        """Confirm the version on trial. Raises Fault if an outcome of the self-test is bad."""
        for part in HEALTHY:
            if outcomes[part] is not True:
                raise Fault("%s fails its self-test: code %s" % (part, outcomes[part]))
        self.slots.confirm()
        self.settle()


def _manifest_version(folder: str) -> int:
    """The version in a slot's manifest, or 0. The manifest is a signed message, or its payload alone after `deploy`.

    Only its beginning is read: its list of files would take 20 KB of heap."""
    try:
        with open(folder + "/" + labels.MANIFEST, "rb") as file:
            data = file.read(_BEGINNING)
        at = 0
        if data[0] == _SIGN1[0]:
            _, at = cbor.decode_prefix(
                data, len(_SIGN1)
            )  # the protected header; then an empty map, and a string's head
            at += 2 + (1 << (data[at + 1] - _BYTES_OF_ONE))
        at += 1  # the map's head
        while True:
            key, at = cbor.decode_prefix(data, at)
            value, at = cbor.decode_prefix(data, at)
            if key == labels.FIRMWARE_VERSION:
                return int(value)
    except (OSError, SealError, TypeError, IndexError, ValueError):
        return 0


async def attend(firmware: "Firmware", selftest: "Callable[[], dict[str, Item]]") -> None:
    """Feed the watchdog, confirm or reset a version on trial, and reset after a commit; for ever."""
    slots, uptime = firmware.slots, 0
    firmware.settle()
    while True:
        slots.feed()
        await asyncio.sleep(_PAUSE_SECONDS)
        uptime += _PAUSE_SECONDS
        if slots.on_trial and uptime >= SETTLE_SECONDS:
            try:
                firmware.confirm(selftest())
                notes.tell("firmware: version %d is confirmed" % firmware.version)
            except Exception as error:  # any error condemns the version
                notes.trace("firmware: version %d is not healthy" % firmware.version, error)
                slots.restart()
        if firmware.reset_pending or firmware.is_short:
            await asyncio.sleep(_PAUSE_SECONDS)  # time for the reply
            slots.restart()
