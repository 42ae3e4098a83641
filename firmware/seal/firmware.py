"""The firmware that runs: its slot and version, whether it is good, and the way to a newer one.

The version only rises: the floor is in the journal, and rises when a version has been confirmed, not before. After the
boot of a trial the app checks itself (`attend`) and confirms, or resets; the loader takes the old slot when the trial's
boots are used up. What takes updates is loaded when one comes: a board's memory is short.
"""

import asyncio

from . import cbor, labels, notes
from .device import PROVISIONED
from .compat import const
from .errors import Fault, Malformed, Refused, SealError
from .records import FIRMWARE_RECORD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from .device import Device
    from .ports import Item, Record, Slots
    from .update import Updater

# its keys
FLOOR = const(1)  # the highest version that was ever confirmed
HSS = const(2)  # the HSS public key, once the owner has set it

HEALTHY = ("curve", "entropy", "store", "state")  # parts of the self-test; a broken sensor is no fault of the firmware
SETTLE_SECONDS = 2  # for the links to fail, before a version is found good
_PAUSE_SECONDS = 0.5


class Firmware:
    """The firmware of a `device.Device`. slots: port Slots, or None where it is frozen and cannot be replaced."""

    _updater: "Updater"

    def __init__(self, device: "Device", slots: "Slots | None" = None) -> None:
        self._device = device
        self._updater = None
        self.slots = slots
        self.version = _manifest_version(slots.folder(slots.slot)) if slots and slots.slot else 0
        self.reset_pending = False  # a reset, now that a new version is to run

    def info(self) -> "dict[str, Item]":
        """What a host is told of slots and versions, by name."""
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
        """The `update.Updater`, which is loaded now."""
        if self._updater is None:
            from .update import Updater

            self._updater = Updater(self._device, self)
        return self._updater

    def record(self) -> "Record":
        """The journal's record, as a copy that may be changed and put."""
        return dict(self._device.journal.get(FIRMWARE_RECORD, {FLOOR: 0}))

    def hss_key(self) -> bytes | None:
        """The HSS public key that updates must be signed by too, or None."""
        return self.record().get(HSS)

    def floor(self) -> int:
        """The version that an update must be above."""
        return max(self.record()[FLOOR], self.version)

    def record_with_key(self, public: bytes) -> "Record":
        """The record with the owner's HSS public key in it. Raises Refused when there is one, BadKey, Malformed."""
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
        """Raise the floor to the version that runs, unless it is on trial still. Where that fails it is told, and the
        next start tries again: a full flash says nothing about the version."""
        try:
            record = self.record()
            if self._device.state == PROVISIONED and not self.slots.on_trial and self.version > record[FLOOR]:
                record[FLOOR] = self.version
                self._device.journal.put(FIRMWARE_RECORD, record)
        except (SealError, OSError, MemoryError) as error:
            notes.trace("firmware: the version cannot be noted", error)

    def confirm(self, outcomes: "dict[str, Item]") -> None:
        """End the trial well, given the outcomes of the self-test. Raises Fault where one of them is bad."""
        for part in HEALTHY:
            if outcomes[part] is not True:
                raise Fault("%s fails its self-test: code %s" % (part, outcomes[part]))
        self.slots.confirm()
        self.settle()


def _manifest_version(folder: str) -> int:
    """The version in a slot's manifest, signed or as `deploy` leaves it: its payload alone. 0 where there is none."""
    try:
        with open(folder + "/" + labels.MANIFEST, "rb") as file:
            manifest = cbor.decode(file.read())
        if isinstance(manifest, cbor.Tag):
            manifest = cbor.decode(manifest.value[2])
        return int(manifest[labels.FIRMWARE_VERSION])
    except (OSError, SealError, TypeError, KeyError, IndexError, ValueError):
        return 0


async def attend(firmware: "Firmware", selftest: "Callable[[], dict[str, Item]]") -> None:
    """While the app runs: feed the watchdog, find a version on trial good or reset, and reset after a commit. selftest:
    callable -> outcomes."""
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
            except Exception as error:  # whatever it is, this version is not good
                notes.trace("firmware: version %d is not healthy" % firmware.version, error)
                slots.restart()
        if firmware.reset_pending:
            await asyncio.sleep(_PAUSE_SECONDS)  # the reply leaves
            slots.restart()
