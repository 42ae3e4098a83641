"""Segment files of the reading log: `r-<first seq>`, frames [length u16 | message | CRC-32 of both] from byte 0.

A segment is an extent, erased ahead (see `extent`): after its frames come blank bytes, which are programmed as
readings come. On a store without extents, and by earlier versions, it is a file that grows.
"""

import struct

from . import extent
from .compat import const, crc32
from .errors import StateDamaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator
    from .ports import Store

BLOCKS_AHEAD = const(4)  # more would make one reading in many wait for more erases: 45 ms each
SEGMENT_BYTES = const(3800)  # of a file that grows: one 4 KB flash block without its metadata
PREFIX = "r-"
_WINDOW = const(1024)  # bytes read at once
_BLANK = b"\xff"


def frame(raw: bytes) -> bytes:
    """`raw` as one segment frame."""
    body = struct.pack(">H", len(raw)) + raw
    return body + struct.pack(">I", crc32(body))


def name(first: int) -> str:
    """The segment whose first reading has the number `first`."""
    return "%s%08x" % (PREFIX, first)


def first(name: str) -> int:
    """The number of a segment's first reading."""
    return int(name[len(PREFIX) :], 16)


class Segment:
    """The segment `name` as it is on flash."""

    def __init__(self, store: "Store", name: str) -> None:
        self.name = name
        self._store = store
        self.end = 0  # of the last whole frame that `messages` has met
        self._window, self._window_at = b"", 0
        size = store.size(name)
        self.is_ahead = extent.count_blocks(size, store.read_at(name, max(0, size - extent.TAIL), extent.TAIL)) > 0
        self._limit = size - extent.TAIL if self.is_ahead else size

    def _get(self, at: int, size: int) -> bytes:
        start = at - self._window_at
        if not 0 <= start <= len(self._window) - size:
            self._window_at, start = at, 0
            self._window = self._store.read_at(self.name, at, min(max(size, _WINDOW), self._limit - at))
        return self._window[start : start + size]

    def messages(self, skip: int = 0) -> "Iterator[bytes | None]":
        """Yield the messages in order, then None for a torn last frame. skip: pass over so many, unread. Raises
        StateDamaged for damage that is not at the end."""
        at = 0
        while at < self._limit:
            head = self._get(at, 2) if at + 2 <= self._limit else b"\xff\xff"
            if self.is_ahead and head == b"\xff\xff":
                if not self._is_blank(at):
                    yield None
                return
            end = at + 6 + struct.unpack(">H", head)[0]
            if end > self._limit:
                yield None
                return
            if skip:
                skip -= 1
            else:
                data = self._get(at, end - at)
                if struct.unpack(">I", data[-4:])[0] != crc32(data[:-4]):
                    if not self._is_blank(end):
                        raise StateDamaged("a stored reading is damaged")
                    yield None
                    return
                self.end = end
                yield data[2:-4]
            at = end

    def _is_blank(self, at: int) -> bool:
        """Whether nothing was written from byte `at` on."""
        if not self.is_ahead:
            return at >= self._limit
        while at < self._limit:
            data = self._get(at, min(_WINDOW, self._limit - at))
            if data.count(_BLANK) != len(data):
                return False
            at += len(data)
        return True

    def has_room(self, size: int) -> bool:
        """Whether a frame of so many bytes fits after `end`."""
        return self.end + size <= (self._limit if self.is_ahead else SEGMENT_BYTES)

    def append(self, entry: bytes) -> None:
        """Store a frame after `end`. Raises StorageFull, OSError."""
        if self.is_ahead:
            self._store.program(self.name, self.end, entry)
        else:
            self._store.append(self.name, entry)
        self.end += len(entry)
        self._window = b""

    def restore(self, raw: bytes | None) -> bool:
        """Make the segment ready for appends after a reset; whether it takes any. raw: its last message, which is
        programmed again: a cut may have left bits that read well now and not later."""
        if self.is_ahead and self._store.is_ahead(self.name):
            if raw:
                entry = frame(raw)
                self._store.program(self.name, self.end - len(entry), entry)
            return True
        return not self.is_ahead


def create(store: "Store", number: int, count: int) -> Segment:
    """A new, empty segment that begins with reading `number`, of `count` blocks erased ahead where the store has that.
    Raises StorageFull."""
    path = name(number)
    store.create_ahead(path, count)
    return Segment(store, path)
