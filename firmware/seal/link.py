"""Frames on a byte stream: COBS between 0x00 delimiters, with a CRC-32 in each.

    frame = COBS(body) 0x00        body = CBOR [version, id, kind] | item | CRC-32, big-endian, over the bytes before it

COBS: Cheshire and Baker 1999. The reader drops a damaged or oversized frame and resumes at the next delimiter. A frame
that the heap has no room for is dropped too; its sender gets to know where its head could be read.
"""

from . import cbor
from .compat import const, crc32
from .errors import Malformed, SealError, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator
    from .ports import Item

VERSION = const(1)
MAX_FRAME = const(6144)  # an HSS signature of 6000 bytes, or as many readings as a reply has
_BLOCK = const(254)  # most bytes without a zero in a row
_MAX_HEAD = const(20)  # bytes of [version, id, kind]: a list's head, a small number, and two of up to nine bytes


def cobs_encode(data: "bytes | bytearray") -> bytearray:
    """`data` without zero bytes. A full block at the end has no empty one after it."""
    out = bytearray()
    at, end = 0, len(data)
    while True:
        zero = data.find(b"\x00", at)
        stop = end if zero < 0 else zero
        full = False
        while stop - at >= _BLOCK:
            out.append(0xFF)
            out.extend(data[at : at + _BLOCK])
            at += _BLOCK
            full = True
        if zero >= 0 or at < end or not full:
            out.append(stop - at + 1)
            out.extend(data[at:stop])
        if zero < 0:
            return out
        at = zero + 1


def cobs_decode(data: bytes) -> bytes:
    """Undo `cobs_encode`. Raises Malformed."""
    frame = bytearray(data)
    return bytes(memoryview(frame)[: _unstuff(frame)])


def _unstuff(frame: bytearray) -> int:
    """Undo `cobs_encode` in place: the bytes only move forward; returns their number. Raises Malformed."""
    view, size = memoryview(frame), len(frame)
    at = end = 0
    while at < size:
        code = frame[at]
        if code == 0 or at + code > size:
            raise Malformed("broken COBS")
        view[end : end + code - 1] = view[at + 1 : at + code]
        at += code
        end += code - 1
        if code != 0xFF and at < size:
            frame[end] = 0
            end += 1
    return end


def pack(identifier: int, kind: int, item: "Item") -> bytearray:
    """One frame, delimiter included. `identifier` pairs a reply with its request; `item` is any CBOR value.

    It is built in two pieces of heap, each no longer than the frame: a heap in use has few long ones."""
    body = bytearray()
    cbor.encode_to(body, [VERSION, identifier, kind])
    cbor.encode_to(body, item)
    body.extend(crc32(body).to_bytes(4, "big"))
    frame = cobs_encode(body)
    frame.append(0)
    return frame


def unpack(frame: bytes) -> "tuple[int, int, Item]":
    """(id, kind, item) of one frame without its delimiter. Raises Malformed, NotDeterministic, Unsupported."""
    identifier, kind, item = _unpack(bytearray(frame))
    if isinstance(item, MemoryError):
        raise item
    return identifier, kind, item


def _unpack(frame: bytearray) -> "tuple[int, int, Item | MemoryError]":
    """`unpack` in the place of the frame; the item is a MemoryError where there is no room for it."""
    view = memoryview(frame)[: _unstuff(frame)]
    size = len(view) - 4
    if size < 5 or crc32(view[:size]) != int.from_bytes(view[size:], "big"):
        raise Malformed("a frame fails its CRC")
    identifier, kind, at = _head(bytes(view[: min(size, _MAX_HEAD)]))
    try:
        return identifier, kind, cbor.decode(bytes(view[at:size]))
    except MemoryError as error:
        return identifier, kind, error


def _head(body: bytes) -> tuple[int, int, int]:
    """(id, kind, offset of the item) of a body, or of its beginning. Raises as `unpack`."""
    header, at = cbor.decode_prefix(body)
    if not isinstance(header, list) or len(header) != 3 or not all(_is_number(part) for part in header):
        raise Malformed("a frame begins with [version, id, kind]")
    if header[0] != VERSION:
        raise Unsupported("protocol version %d" % header[0])
    return header[1], header[2], at


def _is_number(value: "Item") -> bool:
    return isinstance(value, int) and value is not True and value is not False  # True is an int on CPython alone


class FrameReader:
    """Splits a byte stream into frames. `drop_count`: those dropped as damaged, oversized or too large for the heap."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._is_dropped = False  # what is left of the frame
        self._lost: "tuple[int, int] | None" = None  # id and kind of a frame that the heap had no room for
        self.drop_count = 0

    def feed(self, data: bytes) -> "list[tuple[int, int, Item | MemoryError]]":
        """Add bytes; returns (id, kind, item) of each complete valid frame. The item is a MemoryError where the heap
        has no room for the frame."""
        frames = []
        try:
            for part in _split(data):
                if part is not None:
                    self._add(part)
                else:
                    self._end(frames)
        except MemoryError:  # for a few bytes: there is nothing to tell anyone
            self._drop()
        return frames

    def _end(self, frames: "list[tuple[int, int, Item | MemoryError]]") -> None:
        """Add the frame that has ended, if it is one."""
        frame, self._buffer = self._buffer, bytearray()
        is_dropped, self._is_dropped = self._is_dropped, False
        lost, self._lost = self._lost, None
        if lost:
            frames.append((lost[0], lost[1], MemoryError()))
        if is_dropped or not frame:
            return
        try:
            frames.append(_unpack(frame))
        except SealError:
            self.drop_count += 1

    def _add(self, part: bytes) -> None:
        if self._is_dropped:
            return
        if len(self._buffer) + len(part) > MAX_FRAME:
            self._drop()
            return
        try:
            self._buffer.extend(part)
        except MemoryError:
            self._lost = _peek(self._drop())

    def _drop(self) -> bytearray:
        """Drop the frame up to its end; returns what there is of it."""
        frame, self._buffer = self._buffer, bytearray()
        self._is_dropped = True
        self.drop_count += 1
        return frame


def _peek(frame: bytearray) -> tuple[int, int] | None:
    """(id, kind) of a frame whose end is missing; None if it has none."""
    body, at = bytearray(), 0
    while at < len(frame) and frame[at] and len(body) < _MAX_HEAD:
        body.extend(frame[at + 1 : min(at + frame[at], at + 1 + _MAX_HEAD)])
        body.append(0)
        at += frame[at]
    try:
        identifier, kind, _ = _head(bytes(body))
    except SealError:
        return None
    return identifier, kind


def _split(data: bytes) -> "Iterator[bytes | None]":
    # the pieces of `data`, with None for each delimiter
    start = 0
    while True:
        end = data.find(b"\x00", start)
        if end < 0:
            yield data[start:]
            return
        yield data[start:end]
        yield None
        start = end + 1
