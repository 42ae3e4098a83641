"""A request and its reply as they went over a link, taken apart by other people's code and by the host's."""

import zlib
from dataclasses import dataclass
from functools import cached_property

from cobs import cobs
from sealwright.link import frames

REPLY, ERROR = 0, 255


@dataclass(frozen=True)
class Frame:
    """A whole frame as a device packed or took it."""

    raw: bytes

    @cached_property
    def body(self) -> bytes:
        """Without stuffing, delimiter and CRC."""
        stuffed, end = self.raw[:-1], self.raw[-1:]
        whole = cobs.decode(stuffed)
        assert end == b"\0" and 0 not in stuffed and len(stuffed) <= frames.MAX_FRAME
        assert zlib.crc32(whole[:-4]).to_bytes(4, "big") == whole[-4:]
        return whole[:-4]

    @cached_property
    def parsed(self) -> frames.Frame:
        """id, kind and item, as the host reads them; it makes the same bytes of them."""
        parsed = frames.unpack(self.raw[:-1])
        assert frames.pack(parsed) == self.raw
        return parsed


@dataclass(frozen=True)
class Call:
    """A request, with the name of its kind, and its reply."""

    name: str
    request: Frame
    reply: Frame

    @classmethod
    def from_line(cls, line: str) -> "Call":
        """From what talks.py prints."""
        name, request, reply = line.split(" ")
        return cls(name, Frame(bytes.fromhex(request)), Frame(bytes.fromhex(reply)))

    @property
    def refused(self) -> bool:
        return self.reply.parsed.kind == ERROR
