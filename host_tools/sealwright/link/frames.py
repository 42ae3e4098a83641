"""Frames on a byte stream: COBS between zero bytes, a CRC-32 inside. The counterpart of the device's `link`.

frame = COBS(body) 0x00        body = CBOR [version, id, kind] | item | CRC-32 big-endian
"""

import zlib
from typing import Final, NamedTuple

from cobs import cobs

from ..errors import Malformed, NotDeterministic
from ..wire import cbor
from ..wire.sequence import item_end

VERSION: Final = 1
MAX_FRAME: Final = 6144


class Frame(NamedTuple):
    """One frame: `id` pairs a reply with its request."""

    id: int
    kind: int
    item: cbor.Value


def pack(frame: Frame) -> bytes:
    """The bytes of a frame, delimiter included."""
    body = cbor.encode([VERSION, frame.id, frame.kind]) + cbor.encode(frame.item)
    return bytes(cobs.encode(body + zlib.crc32(body).to_bytes(4, "big"))) + b"\0"


def unpack(data: bytes) -> Frame:
    """A frame from its bytes without the delimiter. Raises Malformed or NotDeterministic."""
    try:
        body = bytes(cobs.decode(data))
    except cobs.DecodeError as error:
        raise Malformed("a frame is not stuffed as COBS does it") from error
    if len(body) < 9 or zlib.crc32(body[:-4]).to_bytes(4, "big") != body[-4:]:
        raise Malformed("a frame fails its CRC")
    end = item_end(body[:-4])
    header = cbor.decode(body[:end])
    if not isinstance(header, list) or len(header) != 3 or not all(isinstance(part, int) for part in header):
        raise Malformed("a frame begins with [version, id, kind]")
    version, identifier, kind = header
    if version != VERSION:
        raise Malformed(f"the device speaks version {version!r} of the link, this is {VERSION}")
    return Frame(identifier, kind, cbor.decode(body[end:-4]))  # type: ignore[arg-type]


class FrameReader:
    """Cuts a byte stream into frames; what is damaged, or the console's text, is dropped."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take in bytes; the whole, sound frames among them."""
        self._buffer += data
        *parts, rest = bytes(self._buffer).split(b"\0")
        self._buffer = bytearray(rest[-MAX_FRAME:])
        frames = []
        for part in parts:
            if part:
                try:
                    frames.append(unpack(part))
                except (Malformed, NotDeterministic):
                    continue
        return frames
