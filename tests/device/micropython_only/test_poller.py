"""A TLS stream stays registered while many sockets come: without `poller.reserve` the process ends by SIGSEGV."""

import asyncio
import select
import socket
import ssl
from asyncio import core

from emulated import poller

SOCKETS = 20  # more than a board has places for


def _listening():
    made = socket.socket()
    made.bind(socket.getaddrinfo("127.0.0.1", 0)[0][-1])
    made.listen(1)
    return made


def test_sockets_come_while_a_tls_stream_is_registered():
    asyncio.get_event_loop()
    poller.reserve()
    polled = core._io_queue.poller
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stream = context.wrap_socket(_listening(), server_hostname="broker", do_handshake_on_connect=False)
    polled.register(stream, select.POLLIN)
    others = []
    for _ in range(SOCKETS):
        others.append(_listening())
        polled.register(others[-1], select.POLLIN)
    assert polled.poll(0) == []
    for one in [stream] + others:
        polled.unregister(one)
        one.close()
