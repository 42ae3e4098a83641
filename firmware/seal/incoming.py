"""The manifest of the next update on its way, in pieces, beside what the spare slot holds.

    incoming.new    its bytes so far          incoming.sum    the digest that they are to have

Neither touches an update that was interrupted in the same slot: `install` makes room once the manifest has proved
itself. A power cut leaves `incoming.new` shorter, never different, so it goes on at its end.
"""

import os

from .errors import BadSignature, Malformed, SealError
from .labels import MANIFEST
from .manifest import Manifest
from .staging import INCOMING, NEW, SUM, append, check_room, clear, make_folder, remove, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


class Incoming:
    """folder: of the spare slot. size, digest, signature: of the message that is to come, the signature checked. key:
    the HSS key that vouched for it, or None. feed: feeds the watchdog."""

    def __init__(
        self, folder: str, size: int, digest: bytes, signature: bytes, key: bytes | None, feed: "Callable[[], None]"
    ) -> None:
        self._folder = folder
        self._feed = feed
        self._digest = digest
        self._signature = signature
        self.size = size
        self.key = key
        self._there = self._find()  # the name of the whole message, staged before
        self.count = size if self._there else self._length()

    def take(self, offset: int, piece: bytes) -> int:
        """Append a piece; the number of bytes that are there. Idempotent for what is there. Raises Malformed for a gap
        or beyond the size, OSError for a full flash."""
        end = offset + len(piece)
        if end <= self.count:
            return self.count
        if offset != self.count or end > self.size:
            raise Malformed("%d of %d bytes are there" % (self.count, self.size))
        if not offset:
            make_folder(self._folder)
            remove(self._path(INCOMING + NEW))  # first: its bytes have no digest from here on
            remove(self._path(SUM))
            append(self._path(SUM), self._digest)
        append(self._path(INCOMING + NEW), piece)
        self.count = end
        return end

    def manifest(self) -> Manifest:
        """The whole message. Raises BadSignature unless it is the one that was to come, and what Manifest raises."""
        manifest = Manifest(self._path(self._there or INCOMING + NEW))
        if manifest.digest != self._digest or not (self._there or manifest.signature == self._signature):
            raise BadSignature("this is not the message that was signed")
        return manifest

    def discard(self) -> None:
        """Leave the slot as if nothing had come."""
        if self._there:
            return
        remove(self._path(INCOMING + NEW))
        remove(self._path(SUM))
        self.count = 0
        try:
            os.rmdir(self._folder)
        except OSError:
            pass  # it holds something else

    def install(self, manifest: Manifest) -> None:
        """Make the message that of the slot, and keep the files of that very message only. Raises StorageFull before
        any change."""
        if self._there != INCOMING:
            if not self._there:
                check_room(self._folder, manifest)
                clear(self._folder, self._feed)
            os.rename(manifest.path, self._path(INCOMING))
            remove(self._path(SUM))
        manifest.path, self._there = self._path(INCOMING), INCOMING

    def _find(self) -> str | None:
        for name in (INCOMING, MANIFEST):
            try:
                if Manifest(self._path(name)).digest == self._digest:
                    return name
            except (OSError, SealError):
                pass  # none, or none that is signed: `deploy` leaves the payload alone
        return None

    def _length(self) -> int:
        """Of what came of this very message before."""
        try:
            with open(self._path(SUM), "rb") as file:
                is_same = file.read() == self._digest
        except OSError:
            return 0
        length = size_of(self._path(INCOMING + NEW))
        return length if is_same and length <= self.size else 0

    def _path(self, name: str) -> str:
        return self._folder + "/" + name
