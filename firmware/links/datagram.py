"""A stream between devices over datagrams that may be lost, doubled or late: one segment at a time, sent until its ack.

    datagram = kind u8 | session 8 bytes | number u16 | payload

A session is named by 8 random bytes, which whoever connects chooses. OPEN, DATA and CLOSE are its segments, numbered
from 0 in each direction; ACK carries the number of the segment it is for; GONE ends a session at once, and answers DATA
of one that is not known: the other end was reset. As on TCP, nothing here is secret or proved: peers prove their
certificates.

A datagram port (see `udp`) is any object with `size` (largest datagram, bytes), `wait_ms` (in which an ack comes from a
peer that is not busy), `address` (text that others connect to), `place(address)` (where to send, or Unreachable),
`send(place, data)`, which may lose it, and a coroutine `receive()` that gives (place, data).
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

    from seal.ports import ConnectionHandler

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


_OPEN = const(0)
_DATA = const(1)
_CLOSE = const(2)
_ACK = const(3)
_GONE = const(4)
_HEAD = const(11)

_MOST = 6  # sessions at a time
_KEPT = 8192  # bytes that a session holds unread: over that it acknowledges nothing, and the other end waits
_REMEMBERED = 8  # ended sessions, so that a late OPEN of one begins nothing
# How long one end tries, and waits at most between two tries. On air that loses a fifth of all datagrams, 0.36 of tries
# fail: of the 18 and 21 that these make of UDP's first wait, and more of a shorter one, all fail once in 10**8 times.
_PATIENCE_MS = const(30000)  # a busy peer checks signatures for seconds without listening
_MOST_WAIT_MS = const(2000)
_SOON_MS = const(8000)  # to open or close: somebody waits for us, and nobody may be there
_SOON_MOST_WAIT_MS = const(400)


class DatagramLink:
    """Port PeerLink over a datagram port. `serve` must run for `connect` to work: it is what listens."""

    def __init__(self, port: "DatagramPort") -> None:
        self._port = port
        self._sessions: dict[bytes, Session] = {}
        self._order: list[Session] = []  # sessions that others opened, oldest first
        self._ended: list[bytes] = []

    @property
    def address(self) -> str:
        return self._port.address

    async def serve(self, handler: "ConnectionHandler") -> None:
        """Call `handler(reader, writer)` for each session that another opens, for ever; the oldest gives way when there
        are too many."""
        while True:
            place, data = await self._port.receive()
            if len(data) < _HEAD:
                continue
            name, kind = bytes(data[1:9]), data[0]
            session = self._sessions.get(name)
            if session is not None:
                session.take(place, kind, data)
            elif kind == _OPEN and name not in self._ended:
                self._welcome(place, name, data, handler)
            elif kind == _CLOSE:  # our ack of it was lost
                self._port.send(place, bytes([_ACK]) + data[1:_HEAD])
            elif kind == _DATA:
                self._port.send(place, bytes([_GONE]) + data[1:_HEAD])

    def _welcome(self, place: "Any", name: bytes, data: bytes, handler: "ConnectionHandler") -> None:
        session = self._sessions[name] = Session(self._port, place, name)
        session.take(place, _OPEN, data)

        async def run() -> None:
            try:
                await handler(session, session)
            finally:
                await self.disconnect(session)

        session.task = asyncio.create_task(run())
        self._order.append(session)
        if len(self._order) > _MOST:
            oldest = self._order[0]
            oldest.drop()  # at once: a stranger can open more than there is time to take leave of
            oldest.task.cancel()
            self._forget(oldest)  # a task that has not begun does not do it

    async def connect(self, address: str) -> "tuple[Session, Session]":
        """(reader, writer) to `address`. Raises Unreachable."""
        place, name = self._port.place(address), os.urandom(8)
        session = self._sessions[name] = Session(self._port, place, name)
        try:
            await session.send(_OPEN, b"")
        except OSError:
            self._forget(session)
            raise Unreachable("nobody answers at %s" % address)
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
        self._ended = self._ended[1 - _REMEMBERED :] + [session.name]


class Session:
    """One connection's both ends: a stream's reader and writer."""

    task: "Any" = None  # asyncio.Task, where the other end opened it

    def __init__(self, port: "DatagramPort", place: "Any", name: bytes) -> None:
        self.name = name
        self._port = port
        self._place = place
        self._inbox = Inbox(_KEPT)
        self._out = b""
        self._sent = 0  # number of the next segment out
        self._expected = 0  # and of the next one in
        self._acked = asyncio.Event()
        self._waiting: "int | None" = None
        self._over = False  # nothing more can be sent

    async def read(self, count: int) -> bytes:
        return await self._inbox.read(count)

    def write(self, data: bytes) -> None:
        self._out += data

    async def drain(self) -> None:
        """Returns when the other end has all of it. Raises OSError."""
        most = self._port.size - _HEAD
        data, self._out = self._out, b""
        for at in range(0, len(data), most):
            await self.send(_DATA, data[at : at + most])

    async def send(self, kind: int, payload: bytes) -> None:
        """Send a segment until it is acknowledged. Raises OSError once the session is over or nobody answers."""
        patience, most_wait = (_PATIENCE_MS, _MOST_WAIT_MS) if kind == _DATA else (_SOON_MS, _SOON_MOST_WAIT_MS)
        data = self._head(kind, self._sent) + payload
        self._waiting, self._sent = self._sent, (self._sent + 1) & 0xFFFF
        self._acked.clear()
        wait = self._port.wait_ms
        while not self._over and patience > 0:
            self._port.send(self._place, data)
            try:
                await asyncio.wait_for(self._acked.wait(), wait / 1000)
            except asyncio.TimeoutError:
                patience -= wait  # of time spent waiting: what stalls this device is no fault of theirs
                wait = min(2 * wait, most_wait)
            if self._waiting is None:
                return
        self._end()
        raise OSError(errno.ETIMEDOUT, "the other end is gone")

    def _head(self, kind: int, number: int) -> bytes:
        return bytes([kind]) + self.name + number.to_bytes(2, "big")

    def take(self, place: "Any", kind: int, data: bytes) -> None:
        """A datagram of this session."""
        self._place = place  # it may have moved
        number = int.from_bytes(data[9:_HEAD], "big")
        if kind == _ACK:
            if number == self._waiting:
                self._waiting = None
                self._acked.set()
        elif kind == _GONE:
            self._end()
        elif kind <= _CLOSE:
            late = (number - self._expected) & 0xFFFF
            if late == 0 and (self._inbox.has_room or kind == _CLOSE):
                self._expected = (number + 1) & 0xFFFF
                self._inbox.feed(data[_HEAD:])
                if kind == _CLOSE:
                    self._end()
            elif late < 0x8000:  # no room for it now, or nonsense
                return
            self._port.send(self._place, self._head(_ACK, number))

    def _end(self) -> None:
        self._over = True
        self._inbox.end()
        self._acked.set()

    def close(self) -> None:
        """What a stream has; `DatagramLink.disconnect` ends it."""

    async def finish(self) -> None:
        """Tell the other end that this was all, if there is anyone to tell."""
        if self._waiting is None and not self._over:
            try:
                await self.send(_CLOSE, b"")
            except OSError:
                pass  # it will find out by itself
        self.drop()  # after a segment that was given up no other can follow

    def drop(self) -> None:
        """End it without waiting for the other end."""
        if not self._over:
            self._port.send(self._place, self._head(_GONE, 0))
            self._end()
