"""A UART as a datagram port: two devices wired back to back trade with no network, and a host may be on the same wire.

`stream` is what `select.poll` can wait for, such as a `machine.UART` with `timeout=0` and an `rxbuf` of 1024. A
datagram goes as a frame of `seal.link`'s kind (COBS, CRC-32, 0x00) and begins with its kind, 0 to 6; a host's request
begins with its CBOR array, 0x83: so the first byte distinguishes them. A segment that noise or a full buffer damages is
sent again, see `datagram`.
"""

import asyncio

from seal import notes
from seal.compat import const, crc32, ticks_ms
from seal.errors import SealError, Unreachable
from seal.link import MAX_FRAME, cobs_decode, cobs_encode

from .inbox import Inbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from seal.ports import ConnectionHandler

_HEADER = const(0x83)  # how the body of a host's frame begins
_NOISE = b"\x01"  # no frame begins so: what follows is lost up to the next 0x00
_PAUSE_SECONDS = 0.2


class UartPort:
    """Port of a `DatagramLink` to the one device at the other end. name: for people, in the address. `commands` is
    the Link for a host's requests, which works while the peer link is served."""

    size = 250
    wait_ms = 150  # of which a segment and its ack take 25 at 115200 baud

    def __init__(self, stream: "Any", name: str) -> None:
        self.address = "uart:" + name
        self.commands = Commands(self)
        self._stream = stream
        self._reader: "asyncio.StreamReader | None" = None
        self._frame = b""
        self._heard = ticks_ms()  # when something came in
        self._datagrams: list[bytes] = []
        self._output = b""
        self._writer_task: "asyncio.Task[None] | None" = None

    def place(self, address: str) -> None:
        """None: there is one other end, whatever its name. Raises Unreachable for an address of another kind."""
        if not address.startswith("uart:"):
            raise Unreachable("not an address: %s; it looks like %s" % (address, self.address))

    def send(self, place: None, data: bytes) -> None:
        """Put a datagram on the wire, after the bytes before it."""
        self.put(cobs_encode(data + crc32(data).to_bytes(4, "big")) + b"\x00")

    def broadcast(self, data: bytes) -> None:
        """Send a datagram to the other end."""
        self.send(None, data)

    def address_of(self, place: None) -> str:
        """The other end's address: any that begins with uart: is."""
        return self.address

    def close(self) -> None:
        """Nothing: the wire stays."""

    def put(self, data: "bytes | bytearray") -> "asyncio.Task[None]":
        """Put whole frames on the wire; returns the task that writes them."""
        self._output += data
        if self._writer_task is None:
            self._writer_task = asyncio.create_task(self._flush())
        return self._writer_task

    async def _flush(self) -> None:
        writer = asyncio.StreamWriter(self._stream, {})
        try:
            while self._output:
                data, self._output = self._output, b""
                writer.write(data)
                await writer.drain()
        except OSError as error:
            notes.tell("uart: not sent: %s" % error)
        finally:
            self._writer_task = None

    async def receive(self) -> tuple[None, bytes]:
        """The next datagram: (None, data)."""
        reader = self._reader = self._reader or asyncio.StreamReader(self._stream)
        while not self._datagrams:
            data = await reader.read(256)
            self._heard = ticks_ms()
            if not data:  # the wire is not connected
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            try:
                self._take(data)
            except MemoryError:
                self._frame = _NOISE  # lost, as on a noisy wire: the sender sends it again
        return None, self._datagrams.pop(0)

    def _take(self, data: bytes) -> None:
        *whole, self._frame = (self._frame + data).split(b"\x00")
        for frame in whole:
            self._sort(frame)
        if len(self._frame) > MAX_FRAME:
            self._frame = _NOISE

    def _sort(self, frame: bytes) -> None:
        try:
            body = cobs_decode(frame)
        except SealError:
            return
        if len(body) < 5 or crc32(body[:-4]) != int.from_bytes(body[-4:], "big"):
            return
        if body[0] == _HEADER:
            self.commands.inbox.feed(frame + b"\x00")
        else:
            self._datagrams.append(body[:-4])


class Commands:
    """Port Link: the host's requests on the same wire. It is the stream of its one connection too."""

    def __init__(self, port: "UartPort") -> None:
        self._port = port
        self._output = b""
        self.inbox = Inbox(2 * MAX_FRAME)

    async def serve(self, handler: "ConnectionHandler") -> None:
        """Call `handler(reader, writer)` again and again: the wire stays when a host leaves."""
        while True:
            await handler(self.inbox, self)
            await asyncio.sleep(_PAUSE_SECONDS)

    def write(self, data: "bytes | bytearray") -> None:
        self._output += data

    async def drain(self) -> None:
        """Returns when all bytes are on the wire."""
        data, self._output = self._output, b""
        await self._port.put(data)
