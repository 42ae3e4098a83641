"""TCP as a link, for boards with a network: command link on loopback or a trusted net, peer link between devices.

Addresses are "tcp:HOST:PORT". TCP adds no secrecy and no proof: messages are signed, peers prove their certificates.
"""

import asyncio

from seal.errors import Unreachable

_CONNECT_SECONDS = 5


class TcpLink:
    """Listens on `host` and `port`, and connects to others."""

    def __init__(self, host, port):
        self._host = host
        self._port = port

    @property
    def address(self):
        return "tcp:%s:%d" % (self._host, self._port)

    async def serve(self, handler):
        """Call `handler(reader, writer)` for each connection, for ever. Raises OSError when the port is taken."""

        async def connection(reader, writer):
            try:
                await handler(reader, writer)
            finally:
                await hang_up(writer)

        server = await asyncio.start_server(connection, self._host, self._port)
        while server:  # the reference keeps the server
            await asyncio.sleep(3600)

    async def connect(self, address):
        """(reader, writer) to `address`. Raises Unreachable."""
        parts = address.split(":")
        if len(parts) != 3 or parts[0] != "tcp" or not parts[2].isdigit():
            raise Unreachable("not an address: %s; it looks like tcp:HOST:PORT" % address)
        try:
            return await asyncio.wait_for(asyncio.open_connection(parts[1], int(parts[2])), _CONNECT_SECONDS)
        except (OSError, asyncio.TimeoutError) as error:
            raise Unreachable("nobody answers at %s: %s" % (address, error))

    async def disconnect(self, writer):
        """End a connection made by `connect`."""
        await hang_up(writer)


async def hang_up(writer):
    """Close a stream for good: MicroPython's close() alone keeps the socket."""
    try:
        writer.close()
        await writer.wait_closed()
    except OSError:
        pass  # the other end was faster
