"""Firmware updates (message type 65011): signed by the owner, and by the hash-based HSS key if the device has one.

lock      the HSS signature for the next `begin`    begin     the manifest: fully checked before any write
write     a piece of a file                         commit    check every file, start the trial of the new slot
"""

from . import compat, labels, messages
from .device import PROVISIONED
from .compat import const
from .errors import BadSignature, Malformed, NotAParty, Refused, Replay, Unsupported
from .staging import RESERVED, Staging

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
    """Writes updates into the spare slot."""

    _key: bytes | None
    _staging: Staging

    def __init__(self, device: "Device", firmware: "Firmware") -> None:
        self._device = device
        self._firmware = firmware
        self._slots = firmware.slots
        self._signature = b""
        self._key = None  # HSS key at the last `begin`
        self._staging = None
        self._version = 0  # of the update in progress

    def lock(self, signature: "Item") -> bool:
        """Store the HSS signature for the next `begin`: one frame cannot carry both. Ignored by a device without an
        HSS key. Raises Malformed."""
        self._require_ready()
        if not isinstance(signature, bytes) or not 0 < len(signature) <= _MAX_SIGNATURE:
            raise Malformed("an HSS signature has up to %d bytes" % _MAX_SIGNATURE)
        self._signature = signature if self._firmware.hss_key() else b""
        return True

    def begin(self, raw: bytes) -> list[int]:
        """Check a firmware message and prepare the spare slot; returns the size of each file so far. Raises Refused,
        BadSignature, NotAParty (another board), Replay (version not newer), Malformed, StorageFull, and then changes
        nothing."""
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
        """[file, offset, bytes] -> size of the file. Raises Refused before `begin`, Malformed."""
        self._require_staging()
        if not isinstance(item, list) or len(item) != 3 or not messages.uint(item[0]) or not messages.uint(item[1]):
            raise Malformed("write wants [file, offset, bytes]")
        if not isinstance(item[2], bytes) or not item[2] or not self._staging.has(item[0]):
            raise Malformed("write wants the bytes of a file that the manifest names")
        return self._staging.write(*item)

    def commit(self, item: "Item") -> bool:
        """Check every file and start the trial; the board resets after the reply. Raises Refused, Malformed,
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
    """Raise Malformed unless every path is unique, inside the slot, and not the folder of another one."""
    paths, folders = set(), set()
    for path, size, _ in files:
        parts = path.split("/")
        is_valid = len(path) <= _MAX_PATH and 0 < size <= _MAX_FILE and path not in paths
        if not is_valid or parts[0] in RESERVED or not all(_is_name(part) for part in parts):
            raise Malformed("no firmware file can be %r of %d bytes" % (path, size))
        paths.add(path)
        for end in range(1, len(parts)):
            folders.add("/".join(parts[:end]))
    for path in paths & folders:
        raise Malformed("%r is both a file and a folder" % path)


def _is_name(part: str) -> bool | str:
    stem, dot, ending = part.partition(".")
    return stem and (ending or not dot) and all(char in _NAME for char in stem + ending)
