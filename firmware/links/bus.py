"""Several devices on one pair of wires (RS-485, half duplex) as a datagram port.

    frame body = 0x05 | to 4 bytes | from 4 bytes | datagram

Frames are those of `uart`. An address is "bus:" and 8 hexadecimal digits, which a board makes of its chip's number.
Before each frame a device waits for a time that it draws, and then until it has heard nothing for `_GAP_MS`. Two that
begin in the same millisecond garble each other's frame: both come again, see `datagram`, after another draw. Who hears
a frame, and who a device says it is, anybody on the wire decides: peers prove their certificates.

Limits: one frame at a time blocks the board for its 24 ms, so that the driver lets go of the wire with the last bit.
"""

import asyncio
import os

from seal import notes
from seal.compat import const, crc32, hexlify, ticks_diff, ticks_ms
from seal.errors import Unreachable
from seal.link import cobs_encode

from .uart import UartPort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_MARK = const(5)  # the kinds of datagrams are 0 to 4
_BEACON = const(5)  # from this first byte on a datagram is a beacon's
_ALL = b"\xff\xff\xff\xff"
_HEAD = const(9)
_GAP_MS = const(4)  # a frame's bytes are never so far apart, at 115200 baud
_SPREAD = const(16)  # of the drawn time, in ms
_MOST_WAITING = const(8)  # frames: on a wire that is never quiet they would fill the heap


class BusPort(UartPort):
    """Port of a `DatagramLink` to all devices on the wire. number: the chip's, in bytes. drive: takes 1 while this
    device talks, and 0."""

    wait_ms = 250  # a segment and its ack, each behind somebody else's frame

    def __init__(self, stream: "Any", number: bytes, drive: "Callable[[int], Any]") -> None:
        super().__init__(stream, "")
        self._own = crc32(number).to_bytes(4, "big")
        self.address = "bus:" + hexlify(self._own)
        self._drive = drive
        self._waiting: list[bytes] = []

    def place(self, address: str) -> bytes:  # type: ignore[override]  # of a wire with two ends it is None
        """The 4 bytes in an address. Raises Unreachable."""
        scheme, _, digits = address.partition(":")
        try:
            to = bytes.fromhex(digits)
        except ValueError:
            to = b""
        if scheme != "bus" or len(to) != 4:
            raise Unreachable("not an address: %s; it looks like %s" % (address, self.address))
        return to

    def send(self, place: bytes, data: bytes) -> None:  # type: ignore[override]
        """Send a datagram once the wire is quiet. It may be lost, in this device too."""
        body = bytes([_MARK]) + place + self._own + data
        self._waiting.append(b"\x00" + cobs_encode(body + crc32(body).to_bytes(4, "big")) + b"\x00")
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.pop(0)
        if self._writer_task is None:
            self._writer_task = asyncio.create_task(self._flush())

    def broadcast(self, data: bytes) -> None:
        """Send a beacon's datagram to all on the wire."""
        self.send(_ALL, data)

    def address_of(self, place: bytes) -> str:  # type: ignore[override]
        """The address of a device that was heard."""
        return "bus:" + hexlify(place)

    async def _flush(self) -> None:
        try:
            while self._waiting:
                await self._quiet()
                frame = self._waiting.pop(0)
                self._drive(1)
                try:
                    self._stream.write(frame)
                    self._stream.flush()
                finally:
                    self._drive(0)
        except OSError as error:
            notes.tell("bus: not sent: %s" % error)
        finally:
            self._writer_task = None

    async def _quiet(self) -> None:
        while True:
            await asyncio.sleep((1 + os.urandom(1)[0] % _SPREAD) / 1000)
            unread = self._stream.any()  # what came while this board was busy
            if not unread and ticks_diff(ticks_ms(), self._heard) >= _GAP_MS:
                return

    async def receive(self) -> tuple[bytes, bytes]:  # type: ignore[override]
        """The next datagram for this device: (place, data)."""
        while True:
            _, body = await super().receive()
            if body[0] != _MARK or len(body) <= _HEAD:
                continue
            to = body[1:5]
            if to == self._own or (to == _ALL and body[_HEAD] >= _BEACON):
                return bytes(body[5:_HEAD]), body[_HEAD:]
