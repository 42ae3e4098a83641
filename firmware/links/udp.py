"""UDP as a datagram port, for boards with a network: see `datagram`. Addresses are "udp:HOST:PORT"."""

import asyncio
import socket

from seal.compat import const
from seal.errors import Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LARGEST = const(1200)  # passes every network whole (RFC 9000 section 14)


def readable(wire: object) -> "Any":
    """Awaitable: until a stream that `select.poll` knows has something to read. MicroPython only."""
    yield asyncio.core._io_queue.queue_read(wire)  # type: ignore[attr-defined]  # the stubs have no `core`


def place_of(host: str, port: int) -> "Any":
    """Where a socket sends to reach a host's port. Raises OSError for a name that nobody has."""
    # no type is asked for: lwIP (RP2) prints a warning of it on the console, and gives a stream's in any case
    return socket.getaddrinfo(host, port, socket.AF_INET)[0][-1]


class UdpPort:
    """Bound to `host` and `port`. Raises OSError when the port is taken."""

    size = _LARGEST
    wait_ms = 200

    def __init__(self, host: str, port: int) -> None:
        self.address = "udp:%s:%d" % (host, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(place_of(host, port))
        self._socket.setblocking(False)

    def place(self, address: str) -> "Any":
        """Where `send` reaches an address. Raises Unreachable."""
        parts = address.split(":")
        if len(parts) != 3 or parts[0] != "udp" or not parts[2].isdigit():
            raise Unreachable("not an address: %s; it looks like udp:HOST:PORT" % address)
        try:
            return place_of(parts[1], int(parts[2]))
        except OSError as error:
            raise Unreachable("no host has the name in %s: %s" % (address, error))

    def send(self, place: "Any", data: bytes) -> None:
        """Send a datagram, which may be lost, in this device too."""
        try:
            self._socket.sendto(data, place)
        except OSError:
            pass

    def close(self) -> None:
        """Close the socket: the port is free again."""
        self._socket.close()

    async def receive(self) -> "tuple[Any, bytes]":
        """The next datagram: (place, data)."""
        while True:
            await readable(self._socket)
            try:
                data, place = self._socket.recvfrom(_LARGEST)
                return place, data
            except OSError:
                continue  # no datagram after all, or an ICMP error for one that we sent
