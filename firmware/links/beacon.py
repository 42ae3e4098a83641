"""Beacons: how a link carries offers to every device that can hear it, see `seal.market`.

A link's beacon sends a datagram to all (`send`), and hands over those of others (`run`). Nothing is acknowledged, and
nothing that comes is proved. A datagram's first byte is 5 or 6, so that sessions (see `datagram`) can share a port.
`udp_beacon` is for links that share none.
"""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from seal.ports import Hear

    class BeaconPort(Protocol):
        """What a PortBeacon sends by: a datagram port, see `datagram`, that reaches all at once."""

        @property
        def size(self) -> int: ...

        def broadcast(self, data: bytes) -> None: ...

        def address_of(self, place: Any) -> str: ...


_LONG_SECONDS = 3600


class PortBeacon:
    """Port Beacon on a datagram port that a DatagramLink serves. is_wire: it has one other end, which asks."""

    def __init__(self, port: "BeaconPort", is_wire: bool = False) -> None:
        self.size = port.size
        self.is_wire = is_wire
        self._port = port
        self._hear: "Hear | None" = None

    def send(self, data: bytes) -> None:
        """Send a datagram to all."""
        self._port.broadcast(data)

    def take(self, place: "Any", data: bytes) -> None:
        """A datagram that is no segment of a session."""
        if self._hear is not None:
            self._hear(place, self._port.address_of(place), data)

    async def run(self, hear: "Hear") -> None:
        """Hand over what others send, until cancelled. The link's `serve` receives it."""
        self._hear = hear
        try:
            while True:
                await asyncio.sleep(_LONG_SECONDS)
        finally:
            self._hear = None
