"""MQTT 3.1.1 over TLS, as a client: the part that store-and-forward needs (OASIS MQTT 3.1.1, sections 2 and 3).

TLS always, and the broker's certificate is always verified: against one CA, for the broker's name, at the board's time.
QoS 1 both ways, one message in flight, clean sessions: a message in flight when the connection breaks is sent again by
its owner, so messages may arrive twice. A message of more than 7 KB is read and dropped.

On RP2 TLS takes its buffers from the heap that the firmware lives in, on ESP32 from memory of its own: neither was
measured, for want of a radio.
"""

import asyncio
import ssl

from seal.compat import const
from seal.errors import Expired, Malformed, NotYetValid, Refused, SealError, Unauthenticated, Unreachable

from .inbox import Inbox
from .tcp import hang_up, open_stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .wifi import Wifi

_CONNECT_SECONDS = const(20)  # enough for a slow board's ECDH and its check of two certificates
_ACK_SECONDS = const(20)
_KEEPALIVE = const(60)  # the broker gives up, and publishes the will, after one and a half of it
_PING_SECONDS = const(20)
_MAX_MESSAGE = const(7168)  # bytes of a message: a frame of a command link and its topic

_CONNECT = const(0x10)
_CONNACK = const(0x20)
_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBSCRIBE = const(0x82)
_SUBACK = const(0x90)
_PINGREQ = const(0xC0)
_DISCONNECT = const(0xE0)
_QOS_1 = const(0x02)
_RETAIN = const(0x01)
_CLEAN_WILL_RETAINED = const(0x2E)  # clean session; a will, at QoS 1, retained
_USER = const(0xC0)  # user name and password follow


def packet(kind: int, body: bytes) -> bytes:
    """A whole packet: fixed header and `body`."""
    head, length = bytearray([kind]), len(body)
    while True:
        length, part = length >> 7, length & 0x7F
        head.append(part | 0x80 if length else part)
        if not length:
            return bytes(head) + body


def _field(data: str | bytes) -> bytes:
    if isinstance(data, str):
        data = data.encode()
    return len(data).to_bytes(2, "big") + data


def refusal(fault: str) -> SealError:
    """The error for a broker's certificate. fault: mbedTLS's text, which alone tells one fault from another; a name or
    a CA that is wrong counts first: whose certificate has expired matters only for the right broker."""
    text = "the broker's certificate is refused: %s" % fault
    if "CN" in fault or "CA" in fault:
        return Unauthenticated(text)
    if "expired" in fault:
        return Expired(text)
    return NotYetValid(text) if "future" in fault else Unauthenticated(text)


class Mqtt:
    """Port Uplink. radio: joins a Wi-Fi network (see `wifi`); None on a board that has a network already."""

    def __init__(self, radio: "Wifi | None" = None) -> None:
        self._radio = radio
        self._reader: "Any"
        self._writer: "Any"
        self._answer: "int | None"
        self._return_code: int
        self._is_cut: bool
        self._reader = self._writer = None
        self._tasks: list[asyncio.Task[None]] = []
        self._fault: "Exception | str | None" = None
        self._last = 0

    async def join(self, wifi: list[str] | None) -> int | None:
        """Be on the network; returns its unix time, or None. wifi: [ssid, password] or None. Raises Unreachable."""
        if self._radio is not None and wifi is not None:
            return await self._radio.join(wifi[0], wifi[1])
        return None

    async def connect(
        self,
        host: str,
        port: int,
        authority: bytes,
        client: str,
        will: tuple[str, bytes],
        user: list[str] | None = None,
    ) -> None:
        """Connect to the broker. authority: the CA's certificate, DER; client: our id there; will: (topic, payload)
        that the broker keeps for others when this end vanishes; user: [name, password]. Raises Unauthenticated, Expired
        or NotYetValid for a broker with a wrong certificate, Refused, Unreachable."""
        self._inbox, self._fault, self._tasks, self._answer = Inbox(2 * _MAX_MESSAGE), None, [], None
        self._ack, self._turn, self._writing = asyncio.Event(), asyncio.Lock(), asyncio.Lock()
        try:
            await asyncio.wait_for(self._open(host, port, authority, client, will, user), _CONNECT_SECONDS)
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            raise Unreachable("no broker at %s:%d: %s" % (host, port, error))
        except ValueError as error:
            raise refusal(str(error).strip())
        self._tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._ping())]

    async def _open(
        self, host: str, port: int, authority: bytes, client: str, will: tuple[str, bytes], user: list[str] | None
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_mode = ssl.CERT_REQUIRED  # type: ignore[attr-defined]  # begins with CERT_NONE; not in the stubs
        context.load_verify_locations(cadata=authority)
        self._reader, self._writer = await open_stream(host, port, context)
        flags = _CLEAN_WILL_RETAINED | (_USER if user else 0)
        body = _field("MQTT") + bytes([4, flags]) + _KEEPALIVE.to_bytes(2, "big") + _field(client)
        for part in will + tuple(user or ()):
            body += _field(part)
        await self._send(_CONNECT, body)
        kind, body = await self._packet()
        if kind != _CONNACK or len(body) != 2:
            raise Malformed("the broker does not answer with CONNACK")
        if body[1]:
            raise Refused("the broker refuses the connection with code %d" % body[1])

    async def subscribe(self, topic: str) -> None:
        """Subscribe: `read` returns the messages on `topic` from now on. Raises Refused, Unreachable."""
        await self._call(_SUBSCRIBE, _field(topic) + b"\x01", _SUBACK)
        if self._return_code == 0x80:
            raise Refused("the broker refuses the subscription to %s" % topic)

    async def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Returns when the broker has the message. Raises Unreachable: it may have it, or not."""
        kind = _PUBLISH | _QOS_1 | (_RETAIN if retain else 0)
        await self._call(kind, payload, _PUBACK, _field(topic))

    async def _call(self, kind: int, body: bytes, answer: int, prefix: bytes = b"") -> None:
        # [prefix] packet id [body]: one at a time, so that an answer needs no table
        async with self._turn:
            self.check()
            self._last = self._last % 0xFFFF + 1
            self._answer = answer
            self._ack.clear()
            try:
                await self._send(kind, prefix + self._last.to_bytes(2, "big") + body)
                await asyncio.wait_for(self._ack.wait(), _ACK_SECONDS)
            except (OSError, asyncio.TimeoutError, ValueError) as error:
                self._fail(error)
            self.check()

    async def read(self, n: int) -> bytes:
        """The messages on the subscribed topics, as a stream; no bytes once the connection is over."""
        return await self._inbox.read(n)

    def check(self) -> None:
        """Raise Unreachable once the connection is over."""
        if self._fault is not None:
            raise Unreachable("the broker is gone: %s" % self._fault)

    def _fail(self, error: Exception) -> None:
        self._fault = self._fault or error or "closed"
        self._ack.set()
        self._inbox.end()

    async def _receive(self) -> None:
        try:
            while True:
                await self._take(*await asyncio.wait_for(self._packet(), _KEEPALIVE))
        except Exception as error:  # also MemoryError: a dead receiver must not look like a quiet broker
            self._fail(error)

    async def _take(self, kind: int, body: bytes) -> None:
        if kind == self._answer and int.from_bytes(body[:2], "big") == self._last:
            self._return_code = body[-1]
            self._ack.set()
        elif kind & 0xF0 == _PUBLISH:
            at = 2 + int.from_bytes(body[:2], "big")
            if kind & 0x06:
                await self._send(_PUBACK, body[at : at + 2])
                at += 2
            # what somebody left at the broker is no request of now: at every connection it would come again
            if not self._is_cut and not kind & _RETAIN:
                self._inbox.feed(body[at:])

    async def _packet(self) -> tuple[int, bytes]:
        """(first byte, body) of the next packet, of which no more than _MAX_MESSAGE bytes are kept."""
        kind, length, shift = (await self._bytes(1))[0], 0, 0
        while True:
            part = (await self._bytes(1))[0]
            length |= (part & 0x7F) << shift
            shift += 7
            if not part & 0x80:
                break
            if shift > 21:
                raise Malformed("the broker sends a length of more than four bytes")
        self._is_cut = length > _MAX_MESSAGE
        body = await self._bytes(min(length, _MAX_MESSAGE))
        length -= len(body)
        while length:
            length -= len(await self._bytes(min(length, 512)))
        return kind, body

    async def _bytes(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = await self._reader.read(count - len(data))
            if not part:
                raise EOFError("it closed the connection")
            data += part
        return data

    async def _ping(self) -> None:
        while self._fault is None:
            await asyncio.sleep(_PING_SECONDS)
            try:
                await self._send(_PINGREQ, b"")
            except (OSError, ValueError) as error:
                self._fail(error)

    async def _send(self, kind: int, body: bytes) -> None:
        async with self._writing:  # two drains at once would send twice
            self._writer.write(packet(kind, body))
            await self._writer.drain()

    async def disconnect(self) -> None:
        """End the connection, whatever state it is in. The broker drops the will if DISCONNECT reaches it."""
        for task in self._tasks:
            task.cancel()
        writer, self._reader, self._writer = self._writer, None, None
        if writer is None:
            return
        try:
            if self._fault is None:
                writer.write(packet(_DISCONNECT, b""))
                await asyncio.wait_for(writer.drain(), 1)
        except (OSError, ValueError, asyncio.TimeoutError):
            pass  # the broker times out
        await hang_up(writer)
