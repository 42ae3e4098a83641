"""A relay: network devices trade with a board that has only a wire, while host commands go on.

    relay = Relay(Wire(lambda: open_url("serial:/dev/ttyACM0")))
    peers, hosts = await relay.start(("0.0.0.0", 7000), ("127.0.0.1", 0))

Two TCP ports, one wire. The first takes one peer at a time and its kinds of request (32 to 47); the second takes hosts
and theirs (1 to 31). Whole frames, and one request at a time on the wire: taken from a connection, sent under a number
of the relay's own, and the reply given back under the connection's. What the other end signs goes through as it is: a
relay can withhold, and cannot forge.

The board knows one peer on its wire, and what one connection has proved must not be another's: each begins with a hello
that the board took.
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final

from ..errors import Unreachable
from .frames import Frame, FrameReader, pack
from .labels import (
    ERROR,
    HELLO,
    HOST_KINDS,
    PEER_KINDS,
    PEER_SECONDS,
    PROVE,
    REPLY,
    REPLY_SECONDS,
    STRANGER_SECONDS,
    UNAUTHENTICATED,
    UNSUPPORTED,
)
from .transport import Transport

_SLICE_SECONDS: Final = 0.5
_LIFE_SECONDS: Final = 2.0  # between two signs of life
_PIECE: Final = 4096

Address = tuple[str, int]
Tell = Callable[[str], None]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Wire:
    """A device's wire, for one request at a time. It is opened again after it broke.

    connect: opens it. seconds: how long a reply may take.
    """

    def __init__(self, connect: Callable[[], Transport], seconds: float = REPLY_SECONDS) -> None:
        self._connect = connect
        self._seconds = seconds
        self._transport: Transport | None = None
        self._last = secrets.randbelow(2**31)
        self._closed = False

    def ask(self, request: Frame) -> Frame:
        """The reply, under the request's number. Raises Unreachable when none comes or the wire breaks."""
        try:
            if self._closed:
                raise Unreachable("the relay has ended")
            if self._transport is None:
                self._transport = self._connect()
                self._transport.write(b"\0")  # ends whatever half frame another left on the wire
            self._last += 1
            self._transport.write(pack(request._replace(id=self._last)))
            return self._reply(self._transport)._replace(id=request.id)
        except Unreachable:
            self._hang_up()
            raise

    def _reply(self, transport: Transport) -> Frame:
        frames = FrameReader()
        end = time.monotonic() + self._seconds
        while (left := end - time.monotonic()) > 0 and not self._closed:
            for frame in frames.feed(transport.read(min(left, _SLICE_SECONDS))):
                if frame.id == self._last:
                    return frame
        raise Unreachable(f"no answer in {self._seconds:.0f} s", remedy="Check that it runs Sealwright's firmware.")

    def close(self) -> None:
        """Let go of it; a request under way ends soon."""
        self._closed = True

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None


class Relay:
    """tell: is given a line for people when a peer comes or goes. peers, requests: how many there were."""

    def __init__(self, wire: Wire, tell: Tell = lambda text: None) -> None:
        self._wire = wire
        self._tell = tell
        self._turn = asyncio.Lock()
        self._peer: str | None = None
        self.peers = self.requests = 0
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: set[asyncio.Task[Frame]] = set()

    async def start(self, peers: Address, hosts: Address) -> tuple[str, str]:
        """Listen at both addresses (port 0: any free one); the URLs for peers and for hosts. Raises OSError."""
        urls = []
        for address, serve in ((peers, self._serve_peer), (hosts, self._serve_host)):
            server = await asyncio.start_server(self._track(serve), *address)
            self._servers.append(server)
            host, port = server.sockets[0].getsockname()[:2]
            urls.append(f"tcp:{host}:{port}")
        return urls[0], urls[1]

    async def close(self) -> None:
        """Hang up on everyone."""
        self._wire.close()
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._asking, return_exceptions=True)

    async def ask(self, request: Frame) -> Frame:
        """The device's reply, when its turn has come. Raises Unreachable."""
        async with self._turn:
            self.requests += 1
            return await asyncio.to_thread(self._wire.ask, request)

    async def _reply(self, request: Frame, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Frame:
        """The same for a connection, which gets signs of life meanwhile. Raises ConnectionError when
        the connection has ended: its place is free then, whatever the device still does."""
        asking = asyncio.create_task(self.ask(request))
        self._asking.add(asking)
        asking.add_done_callback(self._finish_ask)
        while not (await asyncio.wait({asking}, timeout=_LIFE_SECONDS))[0]:
            if reader.at_eof():
                raise ConnectionAbortedError("it did not wait for its reply")
            writer.write(b"\0")
            await writer.drain()
        return asking.result()

    def _finish_ask(self, asking: "asyncio.Task[Frame]") -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # the connection gets the error, if it is still open

    def _track(self, serve: Serve) -> Serve:
        async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                await serve(reader, writer)
            except (OSError, TimeoutError, Unreachable) as error:
                self._tell(f"{_name(writer)}: {str(error) or 'its time is over'}")
            except asyncio.CancelledError:
                return  # the relay ends
            finally:
                self._tasks.discard(task)
                writer.close()

        return connection

    async def _serve_host(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = FrameReader()
        while data := await reader.read(_PIECE):
            for request in frames.feed(data):
                known = request.kind in HOST_KINDS
                reply = await self._reply(request, reader, writer) if known else _no(request, UNSUPPORTED)
                writer.write(pack(reply))
                await writer.drain()

    async def _serve_peer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = _name(writer)
        if self._peer is not None:
            self._tell(f"{name}: turned away, {self._peer} is trading")
            return
        self._peer = name
        self.peers += 1
        self._tell(f"{name}: a peer")
        try:
            await self._trade(reader, writer)
        finally:
            self._peer = None
            self._tell(f"{name}: gone")

    async def _trade(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        frames = FrameReader()
        met = False
        async with asyncio.timeout(STRANGER_SECONDS) as patience:  # one for all it sends until it has proved
            while data := await asyncio.wait_for(reader.read(_PIECE), PEER_SECONDS):
                for request in frames.feed(data):
                    if request.kind not in PEER_KINDS:
                        reply = _no(request, UNSUPPORTED)
                    elif not met and request.kind != HELLO:
                        reply = _no(request, UNAUTHENTICATED)
                    else:
                        reply = await self._reply(request, reader, writer)
                        met = met or reply.kind == REPLY
                        if request.kind == PROVE and reply.kind == REPLY:
                            patience.reschedule(None)
                    writer.write(pack(reply))
                    await writer.drain()


def _no(request: Frame, code: int) -> Frame:
    """The relay's own refusal, with a device's code."""
    return Frame(request.id, ERROR, [code])


def _name(writer: asyncio.StreamWriter) -> str:
    host, port = writer.get_extra_info("peername")[:2]
    return f"{host}:{port}"
