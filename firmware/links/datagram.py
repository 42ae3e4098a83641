"""A stream between devices over datagrams that may be lost, doubled or late: one segment at a time, sent until its ack.

    datagram = kind u8 | session 8 bytes | number u16 | payload

A session is named by 8 random bytes, which the end that connects chooses. OPEN, DATA and CLOSE are its segments,
numbered from 0 in each direction; ACK carries the number of the segment it is for; GONE ends a session at once, and
answers DATA of an unknown session: the end that answers was reset. As on TCP, nothing here is secret or proved: peers
prove their certificates.

A datagram port (see `udp`) is any object with `size` (largest datagram, bytes), `wait_ms` (in which an ack comes from a
peer that is not busy), `address` (text that others connect to), `place(address)` (where to send, or Unreachable),
`send(place, data)`, which may lose the datagram, a coroutine `receive()` that gives (place, data), and `close()`.
"""

import asyncio
import errno
import os

from seal.compat import const
from seal.errors import Unreachable

from .inbox import Inbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from seal.ports import Beacon, ConnectionHandler

    class DatagramPort(Protocol):
        """What a DatagramLink sends and receives by. A place is what the port makes of an address."""

        @property
        def size(self) -> int: ...

        @property
        def wait_ms(self) -> int: ...

        @property
        def address(self) -> str: ...

        def place(self, address: str) -> Any: ...

        def send(self, place: Any, data: bytes) -> None: ...

        async def receive(self) -> tuple[Any, bytes]: ...

        def close(self) -> None: ...


_OPEN = const(0)
_DATA = const(1)
_CLOSE = const(2)
_ACK = const(3)
_GONE = const(4)
_HEAD = const(11)

_MAX_SESSIONS = 6  # sessions at a time
_MAX_UNREAD = 8192  # bytes that a session holds unread: over that it acknowledges nothing, and the other end waits
_MAX_PAST = 8  # ended sessions, so that a late OPEN of one begins nothing
# How long one end tries, and the longest wait between two tries. On air that loses a fifth of all datagrams, 0.36 of
# tries fail: of the 18 and 21 that these make of UDP's first wait, and more of a shorter one, all fail once in 10**8
# times.
_PATIENCE_MS = const(30000)  # a busy peer checks signatures for seconds without listening
_MAX_WAIT_MS = const(2000)
_SHORT_PATIENCE_MS = const(8000)  # to open or close: a person waits, and the other end may be absent
_SHORT_MAX_WAIT_MS = const(400)


class DatagramLink:
    """Port PeerLink over a datagram port. `serve` must run for `connect` to work: it is what listens."""

    def __init__(self, port: "DatagramPort", beacon: "Beacon | None" = None) -> None:
        self._port = port
        self.beacon = beacon
        self._sessions: dict[bytes, Session] = {}
        self._order: list[Session] = []  # sessions that others opened, oldest first
        self._past: list[bytes] = []

    @property
    def address(self) -> str:
        return self._port.address

    async def serve(self, handler: "ConnectionHandler") -> None:
        """Call `handler(reader, writer)` for each session that another opens, for ever; the oldest ends when there
        are too many."""
        try:
            while True:
                place, data = await self._port.receive()
                if len(data) >= _HEAD:
                    self._take(place, data, handler)
        finally:
            for session in list(self._sessions.values()):
                session.drop()
            self._port.close()

    def _take(self, place: "Any", data: bytes, handler: "ConnectionHandler") -> None:
        name, kind = bytes(data[1:9]), data[0]
        if kind > _GONE and self.beacon is not None:
            return self.beacon.take(place, data)
        session = self._sessions.get(name)
        if session is not None:
            session.take(place, kind, data)
        elif kind == _OPEN and name not in self._past:
            self._accept(place, name, data, handler)
        elif kind == _CLOSE:  # our ack of it was lost
            self._port.send(place, bytes([_ACK]) + data[1:_HEAD])
        elif kind == _DATA:
            self._port.send(place, bytes([_GONE]) + data[1:_HEAD])

    def _accept(self, place: "Any", name: bytes, data: bytes, handler: "ConnectionHandler") -> None:
        session = self._sessions[name] = Session(self._port, place, name)
        session.take(place, _OPEN, data)

        async def run() -> None:
            try:
                await handler(session, session)
            finally:
                await self.disconnect(session)

        session.task = asyncio.create_task(run())
        self._order.append(session)
        if len(self._order) > _MAX_SESSIONS:
            oldest = self._order[0]
            oldest.drop()  # at once: a stranger can open sessions faster than they can be closed in order
            oldest.task.cancel()
            self._forget(oldest)  # a task that has not started does not do it

    async def connect(self, address: str) -> "tuple[Session, Session]":
        """(reader, writer) to `address`. Raises Unreachable."""
        place, name = self._port.place(address), os.urandom(8)
        session = self._sessions[name] = Session(self._port, place, name)
        try:
            await session.send(_OPEN, b"")
        except OSError:
            self._forget(session)
            raise Unreachable("no answer from %s" % address)
        return session, session

    async def disconnect(self, session: "Session") -> None:
        """End a session."""
        try:
            await session.finish()
        finally:
            self._forget(session)

    def _forget(self, session: "Session") -> None:
        if self._sessions.pop(session.name, None) is None:
            return
        if session in self._order:
            self._order.remove(session)
        self._past = self._past[1 - _MAX_PAST :] + [session.name]


class Session:
    """One connection: reader and writer of a stream."""

    task: "Any" = None  # asyncio.Task, where the other end opened it

    def __init__(self, port: "DatagramPort", place: "Any", name: bytes) -> None:
        self.name = name
        self._port = port
        self._place = place
        self._inbox = Inbox(_MAX_UNREAD)
        self._output = b""
        self._next_out = 0  # number of the next segment out
        self._next_in = 0  # and of the next one in
        self._ack = asyncio.Event()
        self._pending: "int | None" = None
        self._is_over = False  # nothing more can be sent

    async def read(self, n: int) -> bytes:
        return await self._inbox.read(n)

    def write(self, data: "bytes | bytearray") -> None:
        self._output += data

    async def drain(self) -> None:
        """Returns when the other end has all of it. Raises OSError."""
        piece = self._port.size - _HEAD
        data, self._output = self._output, b""
        for at in range(0, len(data), piece):
            await self.send(_DATA, data[at : at + piece])

    async def send(self, kind: int, payload: bytes) -> None:
        """Send a segment until it is acknowledged. Raises OSError once the session is over or nobody answers."""
        patience, max_wait = (_PATIENCE_MS, _MAX_WAIT_MS) if kind == _DATA else (_SHORT_PATIENCE_MS, _SHORT_MAX_WAIT_MS)
        data = self._head(kind, self._next_out) + payload
        self._pending, self._next_out = self._next_out, (self._next_out + 1) & 0xFFFF
        self._ack.clear()
        wait = self._port.wait_ms
        while not self._is_over and patience > 0:
            self._port.send(self._place, data)
            try:
                await asyncio.wait_for(self._ack.wait(), wait / 1000)
            except asyncio.TimeoutError:
                patience -= wait  # counts waiting time alone: a delay of this device is not the other end's
                wait = min(2 * wait, max_wait)
            if self._pending is None:
                return
        self._end()
        raise OSError(errno.ETIMEDOUT, "the other end is gone")

    def _head(self, kind: int, number: int) -> bytes:
        return bytes([kind]) + self.name + number.to_bytes(2, "big")

    def take(self, place: "Any", kind: int, data: bytes) -> None:
        """Handle a datagram of this session."""
        self._place = place  # the other end may have moved
        number = int.from_bytes(data[9:_HEAD], "big")
        if kind == _ACK:
            if number == self._pending:
                self._pending = None
                self._ack.set()
        elif kind == _GONE:
            self._end()
        elif kind <= _CLOSE:
            lag = (number - self._next_in) & 0xFFFF
            if lag == 0 and (self._inbox.has_room or kind == _CLOSE):
                self._next_in = (number + 1) & 0xFFFF
                self._inbox.feed(data[_HEAD:])
                if kind == _CLOSE:
                    self._end()
            elif lag < 0x8000:  # no room for it now, or nonsense
                return
            self._port.send(self._place, self._head(_ACK, number))

    def _end(self) -> None:
        self._is_over = True
        self._inbox.end()
        self._ack.set()

    def close(self) -> None:
        """What a stream has; `DatagramLink.disconnect` ends it."""

    async def finish(self) -> None:
        """Send CLOSE, if the other end may still be there, and end the session."""
        if self._pending is None and not self._is_over:
            try:
                await self.send(_CLOSE, b"")
            except OSError:
                pass  # the other end times out
        self.drop()  # after a segment that was given up no other can follow

    def drop(self) -> None:
        """End the session without waiting for the other end."""
        if not self._is_over:
            self._port.send(self._place, self._head(_GONE, 0))
            self._end()
