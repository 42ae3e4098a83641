"""A beacon by UDP broadcast, for links over a network: see `beacon`."""

import socket

from seal.compat import const

from .udp import place_of, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from seal.ports import Hear

PORT = const(7326)
_LARGEST = const(512)


class UdpBeacon:
    """Port Beacon by UDP broadcast. host: the device's own address; network: its network's broadcast address. The
    sockets are open while `run` runs."""

    size = _LARGEST
    is_wire = False

    def __init__(self, host: str, network: str, port: int = PORT) -> None:
        self._host, self._network, self._port = host, network, port
        self._out: "socket.socket | None" = None

    def send(self, data: bytes) -> None:
        """Send a datagram to all on the network. It may be lost, in this device too."""
        try:
            if self._out is not None:
                self._out.sendto(data, place_of(self._network, self._port))
        except OSError:
            pass

    def take(self, place: "Any", data: bytes) -> None:
        """Nothing: offers come by a port of their own."""

    async def run(self, hear: "Hear") -> None:
        """Hand over what others send, until cancelled. Raises OSError where the network is gone."""
        wire, self._out = _socket(), _socket()
        try:
            self._out.bind(place_of(self._host, 0))  # others count offers by who sent them
            wire.bind(place_of("0.0.0.0", self._port))  # bound to its own address, Linux hears no broadcast
            while True:
                await readable(wire)
                try:
                    data, place = wire.recvfrom(_LARGEST)
                except OSError:
                    continue
                hear(_host(place), None, data)
        finally:
            wire.close()
            self._out.close()
            self._out = None


def _socket() -> "socket.socket":
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    made.setblocking(False)
    return made


def _host(place: "Any") -> "Any":
    """The sender without its port: some ports give a tuple, others the bytes of a sockaddr."""
    return place[0] if isinstance(place, tuple) else bytes(place)[4:8]


def network_of(host: str, mask: str) -> str:
    """The broadcast address of the network that an address is in, all as dotted text."""
    pairs = zip(host.split("."), mask.split("."))
    return ".".join([str(int(own) | (255 ^ int(part))) for own, part in pairs])
