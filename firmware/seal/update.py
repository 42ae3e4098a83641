"""Taking a firmware update (message `firmware`): signed by the owner, and by a hash-based key where the device has one.

lock      the HSS signature for one `begin`         begin     the manifest: checked whole before anything is written
write     a piece of a file                         commit    every file is checked, the new slot's trial begins
"""

from . import compat, labels, messages
from .device import PROVISIONED
from .compat import const
from .errors import BadSignature, Malformed, NotAParty, Refused, Replay, Unsupported
from .staging import INCOMING, Staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .device import Device
    from .firmware import Firmware
    from .ports import Item

_MAX_SIGNATURE = const(6000)
_MAX_FILE = const(1 << 20)
_MAX_PATH = const(64)
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789_"


class Updater:
    """Takes updates for a `device.Device` into the slot that does not run. firmware: its `firmware.Firmware`."""

    _key: bytes | None
    _staging: Staging

    def __init__(self, device: "Device", firmware: "Firmware") -> None:
        self._device = device
        self._firmware = firmware
        self._slots = firmware.slots
        self._signature = b""
        self._key = None  # the HSS key that the update in progress was checked by
        self._staging = None
        self._version = 0  # of what is being staged

    def lock(self, signature: "Item") -> bool:
        """Keep the HSS signature for the next `begin`, good or bad: both do not fit one frame. Without an HSS key it
        counts for nothing and takes no memory. Raises Malformed."""
        self._require_ready()
        if not isinstance(signature, bytes) or not 0 < len(signature) <= _MAX_SIGNATURE:
            raise Malformed("an HSS signature has up to %d bytes" % _MAX_SIGNATURE)
        self._signature = signature if self._firmware.hss_key() else b""
        return True

    def begin(self, raw: bytes) -> list[int]:
        """Check a firmware message and make the spare slot ready; returns the bytes that are there of each file. Raises
        Refused, BadSignature, NotAParty (another board), Replay (no newer version), Malformed, StorageFull; nothing has
        changed then."""
        signature, self._signature = self._signature, b""
        self._require_ready()
        message = messages.parse(raw, labels.FIRMWARE_UPDATE)
        message.verify(self._device.owner_key)
        self._check_lock(message.digest, signature)
        claims, floor = message.payload, self._firmware.floor()
        if claims[labels.FIRMWARE_BOARD] != self._device.board.model or claims[labels.FIRMWARE_ARCH] != compat.arch():
            raise NotAParty("firmware for %s on %s" % (claims[labels.FIRMWARE_BOARD], claims[labels.FIRMWARE_ARCH]))
        if claims[labels.FIRMWARE_VERSION] <= floor:
            raise Replay("version %d comes after %d" % (claims[labels.FIRMWARE_VERSION], floor))
        _check_files(claims[labels.FIRMWARE_FILES])
        slots = self._slots
        running = slots.folder(slots.slot) if slots.slot else None
        staging = Staging(slots.folder(slots.spare), message.raw, claims[labels.FIRMWARE_FILES], running, slots.feed)
        lengths = staging.begin()
        self._staging, self._version = staging, claims[labels.FIRMWARE_VERSION]
        return lengths

    def write(self, item: "Item") -> int:
        """[file, offset, bytes] -> how many bytes the file has now. Raises Refused before `begin`, Malformed."""
        self._require_staging()
        if not isinstance(item, list) or len(item) != 3 or not messages.uint(item[0]) or not messages.uint(item[1]):
            raise Malformed("write wants [file, offset, bytes]")
        if not isinstance(item[2], bytes) or not item[2] or not self._staging.has(item[0]):
            raise Malformed("write wants the bytes of a file that the manifest names")
        return self._staging.write(*item)

    def commit(self, item: "Item") -> bool:
        """Check every file and begin the trial; the board is reset once the reply has left. Raises Refused, Malformed,
        BadSignature."""
        self._require_staging()
        if item is not None:
            raise Malformed("commit takes nothing")
        if not self._firmware.reset_pending:
            self._staging.finish()
            self._slots.begin_trial(self._slots.spare, self._version)
            self._firmware.reset_pending = True
        return True

    def _check_lock(self, digest: bytes, signature: bytes) -> None:
        key = self._key = self._firmware.hss_key()
        if key is None:
            return
        from . import lms

        if not lms.verify(key, digest, signature):
            raise BadSignature("no HSS signature by the key of this device")

    def _require_ready(self) -> None:
        self._device.require_state(PROVISIONED)
        if self._slots is None:
            raise Unsupported("the firmware is frozen into the image: flash another one")
        if self._slots.on_trial or self._firmware.reset_pending:
            raise Refused("a version is on trial: wait until it is confirmed")

    def _require_staging(self) -> None:
        self._device.require_state(PROVISIONED)
        if self._staging is None or self._firmware.hss_key() != self._key:
            raise Refused("no update has begun since the last reset, or since the HSS key was set")


def _check_files(files: "list[list[Item]]") -> None:
    """Raise Malformed unless every path stays in its slot, and is there once."""
    paths = set()
    for path, size, _ in files:
        is_valid = len(path) <= _MAX_PATH and 0 < size <= _MAX_FILE and path not in paths
        if not is_valid or path in (labels.MANIFEST, INCOMING) or not all(_is_name(part) for part in path.split("/")):
            raise Malformed("no firmware file can be %r of %d bytes" % (path, size))
        paths.add(path)


def _is_name(part: str) -> bool | str:
    stem, dot, ending = part.partition(".")
    return stem and (ending or not dot) and all(char in _NAME for char in stem + ending)
