"""Firmware updates (message type 65011): signed by the owner, and by the hash-based HSS key if the device has one.

lock      the HSS signature for the next `begin`      begin     check the manifest's signature, before any write
manifest  a piece of the manifest; with the last one  write     a piece of a file
          it is checked, before the slot is touched   commit    check every file, start the trial of the new slot
"""

from . import compat, labels, messages, p256
from .device import PROVISIONED
from .cbor import MAX_SIZE
from .compat import const, sha256
from .errors import BadSignature, Malformed, NotAParty, Refused, Replay, SealError, Unsupported
from .incoming import Incoming
from .staging import RESERVED, Staging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable
    from .device import Device
    from .firmware import Firmware
    from .manifest import Manifest
    from .ports import Item

MAX_PIECE = const(1536)  # bytes of a manifest in one request
_MAX_SIGNATURE = const(6000)
_MAX_FILE = const(1 << 20)
_MAX_PATH = const(64)
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789_"
_MAX_STARTS = const(60)  # of manifests, in so long: see `_count_start`
_SPAN_MS = const(3600000)


class Updater:
    """Writes updates into the spare slot."""

    _incoming: Incoming | None
    _staging: Staging | None

    def __init__(self, device: "Device", firmware: "Firmware") -> None:
        self._device = device
        self._firmware = firmware
        self._slots = firmware.slots
        self._signature = b""
        self._incoming = None  # the manifest that began last
        self._staging = None
        self._key = None  # HSS key that vouched for the staged update
        self._version = 0  # of that one
        self._starts, self._since = 0, compat.ticks_ms()

    def lock(self, signature: "Item") -> bool:
        """Store the HSS signature for the next `begin`: one frame cannot carry both. Ignored by a device without an
        HSS key. Raises Malformed."""
        self._require_ready()
        if not isinstance(signature, bytes) or not 0 < len(signature) <= _MAX_SIGNATURE:
            raise Malformed("an HSS signature has up to %d bytes" % _MAX_SIGNATURE)
        self._signature = signature if self._firmware.hss_key() else b""
        return True

    def begin(self, item: "Item") -> int:
        """[size, digest, signature] of a firmware message -> how many bytes of it are there. Checks the signatures and
        writes nothing. Raises Refused, BadSignature, Malformed."""
        lock, self._signature = self._signature, b""
        self._require_ready()
        if not isinstance(item, list) or len(item) != 3 or not messages.uint(item[0]) or not messages.hash32(item[1]):
            raise Malformed("begin wants [size, digest, signature]")
        size, digest, signature = item
        if not 0 < size <= MAX_SIZE or not isinstance(signature, bytes) or len(signature) != 64:
            raise Malformed("a manifest has up to %d bytes, a signature 64" % MAX_SIZE)
        if not p256.verify(self._device.owner_key, digest, signature):
            raise BadSignature("the signature is not by the owner's key")
        key = self._check_lock(digest, lock)
        folder = self._slots.folder(self._slots.spare)
        self._incoming = Incoming(folder, size, digest, signature, key, self._slots.feed)
        return self._incoming.count

    def manifest(self, item: "Item") -> int | list[int]:
        """[offset, bytes] -> how many bytes of the message are there; with the last ones the size of each file so far.
        Raises Refused before `begin`, Malformed; and with the last ones BadSignature, NotDeterministic, WrongType,
        NotAParty (another board), Replay (version not newer), StorageFull, and then nothing has changed."""
        self._require_ready()
        if not isinstance(item, list) or len(item) != 2 or not messages.uint(item[0]):
            raise Malformed("manifest wants [offset, bytes]")
        if not isinstance(item[1], bytes) or len(item[1]) > MAX_PIECE:
            raise Malformed("a piece has up to %d bytes" % MAX_PIECE)
        incoming = self._incoming
        if incoming is None or self._firmware.hss_key() != incoming.key:
            raise Refused("no update has begun since the last reset, or since the HSS key was set")
        if item[1] and not incoming.count:
            self._count_start()
        count = incoming.take(*item)
        return self._stage(incoming) if count == incoming.size else count

    def _stage(self, incoming: Incoming) -> list[int]:
        try:
            manifest = incoming.manifest()
            version = self._check(manifest)
            incoming.install(manifest)
        except SealError:
            self._incoming = None
            incoming.discard()
            raise
        slots = self._slots
        running = slots.folder(slots.slot) if slots.slot else None
        self._key, self._version = incoming.key, version
        self._staging = Staging(slots.folder(slots.spare), manifest, running, slots.feed)
        lengths = self._staging.begin()
        self._device.rest.wake()
        return lengths

    def write(self, item: "Item") -> int:
        """[file, offset, bytes] -> size of the file. Raises Refused before the manifest is whole, Malformed."""
        staging = self._require_staging()
        if not isinstance(item, list) or len(item) != 3 or not messages.uint(item[0]) or not messages.uint(item[1]):
            raise Malformed("write wants [file, offset, bytes]")
        if not isinstance(item[2], bytes) or not item[2] or not staging.has(item[0]):
            raise Malformed("write wants the bytes of a file that the manifest names")
        return staging.write(*item)

    def commit(self, item: "Item") -> bool:
        """Check every file and start the trial; the board resets after the reply. Raises Refused, Malformed,
        BadSignature."""
        staging = self._require_staging()
        if item is not None:
            raise Malformed("commit takes nothing")
        if not self._firmware.reset_pending:
            staging.finish()
            self._slots.begin_trial(self._slots.spare, self._version)
            self._firmware.reset_pending = True
        return True

    def _check(self, manifest: "Manifest") -> int:
        """The version of a manifest, once all of it is right."""
        claims, floor = manifest.check(), self._firmware.floor()
        if claims[labels.FIRMWARE_BOARD] != self._device.board.model or claims[labels.FIRMWARE_ARCH] != compat.arch():
            raise NotAParty("firmware for %s on %s" % (claims[labels.FIRMWARE_BOARD], claims[labels.FIRMWARE_ARCH]))
        version: int = claims[labels.FIRMWARE_VERSION]
        if version <= floor:
            raise Replay("version %d comes after %d" % (version, floor))
        check_files(manifest.files())
        return version

    def _check_lock(self, digest: bytes, signature: bytes) -> bytes | None:
        """The HSS key that vouches for `digest`; None if the device has none."""
        key = self._firmware.hss_key()
        if key is not None:
            from . import lms

            if not lms.verify(key, digest, signature):
                raise BadSignature("no HSS signature by the key of this device")
        return key

    def _count_start(self) -> None:
        """Raise Refused where manifests start over and over: whoever heard the owner sign anything can begin with it,
        and wear the flash with bytes that prove wrong at their end."""
        now = compat.ticks_ms()
        if compat.ticks_diff(now, self._since) >= _SPAN_MS:
            self._starts, self._since = 0, now
        if self._starts >= _MAX_STARTS:
            raise Refused("%d manifests were started within an hour" % _MAX_STARTS)
        self._starts += 1

    def _require_ready(self) -> None:
        self._device.require_state(PROVISIONED)
        if self._slots is None:
            raise Unsupported("the firmware is frozen into the image: flash another one")
        if self._slots.on_trial or self._firmware.reset_pending:
            raise Refused("a version is on trial: wait until it is confirmed")

    def _require_staging(self) -> Staging:
        self._device.require_state(PROVISIONED)
        if self._staging is None or self._firmware.hss_key() != self._key:
            raise Refused("no manifest is whole since the last reset, or since the HSS key was set")
        return self._staging


def check_files(files: "Iterable[list[Item]]") -> None:
    """Raise Malformed unless every path is unique, inside the slot, and not the folder of another one. Of each path
    eight bytes of its hash are kept; two of 2^64 would have to be equal for a false alarm."""
    paths, folders = bytearray(), bytearray()
    for path, size, _ in files:
        parts = path.split("/")
        mark = _mark(path)
        is_valid = len(path) <= _MAX_PATH and 0 < size <= _MAX_FILE and mark not in paths and mark not in folders
        if not is_valid or parts[0] in RESERVED or not all(_is_name(part) for part in parts):
            raise Malformed("no firmware file can be %r of %d bytes" % (path, size))
        paths.extend(mark)
        for end in range(1, len(parts)):
            mark = _mark("/".join(parts[:end]))
            if mark in paths:
                raise Malformed("%r is both a file and a folder" % path)
            if mark not in folders:
                folders.extend(mark)


def _mark(path: str) -> bytes:
    return sha256(path.encode())[:8]


def _is_name(part: str) -> bool | str:
    stem, dot, ending = part.partition(".")
    return stem and (ending or not dot) and all(char in _NAME for char in stem + ending)
