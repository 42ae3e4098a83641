"""A stream over TLS waits at its socket: at the TLS stream a poller would look a thousand times a second."""

import asyncio
import os
import socket
import ssl

from links.tcp import hang_up, open_stream


def test_read_waits_at_the_socket():
    server, port = listening()

    async def run():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        stream, _ = await open_stream("127.0.0.1", port, context)
        reading = asyncio.create_task(ended(stream))
        await asyncio.sleep(0.05)
        polled = asyncio.core._io_queue.map
        assert id(stream._wire) in polled and id(stream._stream) not in polled
        other = server.accept()[0]
        assert other.recv(1) == b"\x16", "its handshake has begun"
        other.close()
        assert await asyncio.wait_for(reading, 5)
        await hang_up(stream)
        assert not polled

    asyncio.run(run())
    server.close()


def listening():
    """A socket, and a port of its own: MicroPython does not say which one a socket was given."""
    while True:
        made, port = socket.socket(), 20_000 + int.from_bytes(os.urandom(2), "big") % 10_000
        try:
            made.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
        except OSError:
            made.close()
        else:
            made.listen(1)
            return made, port


async def ended(stream):
    """Whether the stream ends."""
    try:
        return await stream.read(1) == b""
    except OSError:
        return True
