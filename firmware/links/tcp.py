"""TCP as a link, for boards with a network: command link on loopback or a trusted net, peer link between devices.

Addresses are "tcp:HOST:PORT". TCP adds no secrecy and no proof: messages are signed, peers prove their certificates.
"""

import asyncio
import errno
import socket

from seal.errors import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from seal.ports import Beacon, ConnectionHandler, Stream

_CONNECT_SECONDS = 5
_SWEEP_SECONDS = 5


class TcpLink:
    """Listens on `host` and `port`, and connects to others. beacon: what carries offers, as TCP cannot."""

    def __init__(self, host: str, port: int, beacon: "Beacon | None" = None) -> None:
        self.beacon = beacon
        self._host = host
        self._port = port
        from .places import Places  # heap: a board that only has a broker imports this module too

        self._places = Places()
        self._tasks: "dict[int, Any]" = {}  # asyncio.Task of each connection, by the id of its writer

    @property
    def address(self) -> str:
        return "tcp:%s:%d" % (self._host, self._port)

    async def serve(self, handler: "ConnectionHandler") -> None:
        """Call `handler(reader, writer)` for each connection, for ever; see `places` for which one ends when there are
        too many. Raises OSError when the port is taken."""

        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._tasks[id(writer)] = asyncio.current_task()
            self._end(self._places.enter(writer, _host(writer)))
            try:
                await handler(reader, writer)
            finally:
                self._places.leave(writer)
                del self._tasks[id(writer)]
                await hang_up(writer)

        try:
            server = await asyncio.start_server(connection, self._host, self._port)
        except OSError as error:
            raise OSError(error.errno, "cannot listen at %s" % self.address)
        try:
            while True:
                await asyncio.sleep(_SWEEP_SECONDS)
                for writer in self._places.stale():
                    self._end(writer)
        finally:
            server.close()
            for task in list(self._tasks.values()):
                task.cancel()

    def keep(self, writer: "Any", rank: int) -> None:
        """Keep the place of this connection before those of lower rank, from 1."""
        self._places.keep(writer, rank)

    def _end(self, writer: "Any") -> None:
        task = writer and self._tasks.get(id(writer))
        if task:
            task.cancel()

    async def connect(self, address: str) -> "tuple[Stream, Stream]":
        """(reader, writer) to `address`. Raises Unreachable."""
        parts = address.split(":")
        if len(parts) != 3 or parts[0] != "tcp" or not parts[2].isdigit():
            raise Unreachable("not an address: %s; it looks like tcp:HOST:PORT" % address)
        try:
            return await asyncio.wait_for(open_stream(parts[1], int(parts[2])), _CONNECT_SECONDS)
        except (OSError, asyncio.TimeoutError) as error:
            raise Unreachable("no answer from %s: %s" % (address, error))

    async def disconnect(self, writer: "Any") -> None:
        """End a connection made by `connect`."""
        await hang_up(writer)


def _host(writer: "Any") -> "Any":
    """The address of the other end, without its port: some ports give a tuple, others the bytes of a sockaddr."""
    name = writer.get_extra_info("peername")
    return name[0] if isinstance(name, tuple) else bytes(name[4:])


async def open_stream(host: str, port: int, context: "Any" = None) -> "tuple[Any, Any]":
    """(reader, writer) as `asyncio.open_connection`, but a socket is closed when connecting fails or is given up:
    MicroPython's keeps it, and a board has about ten. context: an SSLContext for TLS; the handshake comes with the
    first bytes. The look-up of a name blocks."""
    if not hasattr(asyncio, "core"):  # CPython's closes it
        return await asyncio.open_connection(host, port, ssl=context)
    info = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    wire, stream = socket.socket(info[0], info[1], info[2]), None
    try:
        wire.setblocking(False)
        try:
            wire.connect(info[-1])
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                raise
        await _writable(wire)
        if context is None:
            stream = asyncio.StreamReader(wire)
        else:
            stream = _TlsStream(context.wrap_socket(wire, server_hostname=host, do_handshake_on_connect=False), wire)
    finally:
        if stream is None:
            wire.close()
    return stream, stream


class _TlsStream(asyncio.StreamReader):
    """MicroPython's stream over TLS, which waits for bytes at the socket below: a poller knows no descriptor of a TLS
    stream, and looks at one a thousand times a second. `drain` waits at the TLS stream: during the handshake a write
    may wait for bytes of the other end."""

    def __init__(self, stream: "Any", wire: "Any") -> None:
        super().__init__(stream)
        self._stream, self._wire = stream, wire

    def read(self, n: int = -1) -> "Any":
        yield from asyncio.sleep_ms(0)  # type: ignore[misc]  # others have their turn, however much comes
        while True:
            data = self._stream.read(n)  # first: TLS may hold bytes that it has read from the socket already
            if data is not None:
                return data
            yield asyncio.core._io_queue.queue_read(self._wire)  # type: ignore[attr-defined]


def _writable(wire: object) -> "Any":
    yield asyncio.core._io_queue.queue_write(wire)  # type: ignore[attr-defined]  # the stubs have no `core`


async def hang_up(writer: "Any") -> None:
    """Close a stream for good: MicroPython's close() alone keeps the socket."""
    try:
        writer.close()
        await writer.wait_closed()
    except OSError:
        pass  # the other end closed first
