"""Frames on a byte stream: COBS between 0x00 delimiters, with a CRC-32 in each.

    frame = COBS(body) 0x00        body = CBOR [version, id, kind] | item | CRC-32, big-endian, over the bytes before it

COBS: Cheshire and Baker 1999. The reader drops a damaged or oversized frame and resumes at the next delimiter.
"""

from . import cbor
from .compat import const, crc32
from .errors import Malformed, SealError, Unsupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator
    from .ports import Item

VERSION = const(1)
MAX_FRAME = const(8192)
_BLOCK = const(254)  # most bytes without a zero in a row


def cobs_encode(data: bytes | bytearray) -> bytearray:
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
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        if code == 0 or at + code > len(data):
            raise Malformed("broken COBS")
        out.extend(data[at + 1 : at + code])
        at += code
        if code != 0xFF and at < len(data):
            out.append(0)
    return bytes(out)


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
    body = cobs_decode(frame)
    if len(body) < 9 or crc32(body[:-4]) != int.from_bytes(body[-4:], "big"):
        raise Malformed("a frame fails its CRC")
    body = body[:-4]
    header, at = cbor.decode_prefix(body)
    if not isinstance(header, list) or len(header) != 3 or not all(_is_number(part) for part in header):
        raise Malformed("a frame begins with [version, id, kind]")
    if header[0] != VERSION:
        raise Unsupported("protocol version %d" % header[0])
    return header[1], header[2], cbor.decode(body[at:])


def _is_number(value: "Item") -> bool:
    return isinstance(value, int) and value is not True and value is not False  # True is an int on CPython alone


class FrameReader:
    """Splits a byte stream into frames. `drop_count`: frames dropped as damaged or oversized."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._is_oversized = False
        self.drop_count = 0

    def feed(self, data: bytes) -> "list[tuple[int, int, Item]]":
        """Add bytes; returns (id, kind, item) of each complete valid frame."""
        frames = []
        for part in _split(data):
            if part is not None:
                self._add(part)
                continue
            raw, self._buffer = bytes(self._buffer), bytearray()
            is_oversized, self._is_oversized = self._is_oversized, False
            if is_oversized or not raw:
                continue
            try:
                frames.append(unpack(raw))
            except SealError:
                self.drop_count += 1
        return frames

    def _add(self, part: bytes) -> None:
        if self._is_oversized:
            return
        if len(self._buffer) + len(part) > MAX_FRAME:
            self._is_oversized = True
            self._buffer = bytearray()
            self.drop_count += 1
        else:
            self._buffer.extend(part)


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
