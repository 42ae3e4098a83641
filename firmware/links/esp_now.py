"""ESP-NOW as a datagram port, for ESP32 boards in range of each other, without a network: see `datagram`.

Addresses are "espnow:" and 12 hexadecimal digits, the station's MAC. Both ends must be on one channel: that of the
access point for a board that has joined one. Type-checked against the stubs of ESP32; it has never run on a radio.
"""

import network
import espnow
from seal import notes
from seal.compat import const, hexlify
from seal.errors import Unreachable

from .udp import readable

_BROADCAST = b"\xff" * 6
_MAX_PEERS = const(16)  # the radio knows 20


class EspNowPort:
    """channel: the radio's, 1 to 13, or None to leave it as it is."""

    size = 250  # what every version of the protocol carries
    wait_ms = 50

    def __init__(self, channel: int | None = None) -> None:
        station = network.WLAN(network.WLAN.IF_STA)
        station.active(True)
        if channel is not None:
            station.config(channel=channel)
        self.address = "espnow:" + hexlify(station.config("mac"))
        self._radio = espnow.ESPNow()
        self._radio.active(True)
        self._peers: list[bytes] = []  # least recently used first

    def place(self, address: str) -> bytes:
        """The MAC in an address. Raises Unreachable."""
        scheme, _, digits = address.partition(":")
        try:
            mac = bytes.fromhex(digits)
        except ValueError:
            mac = b""
        if scheme != "espnow" or len(mac) != 6:
            raise Unreachable("not an address: %s; it looks like espnow:0123456789ab" % address)
        return mac

    def send(self, place: bytes, data: bytes) -> None:
        """Send a datagram, which may be lost, in this device too."""
        try:
            if place in self._peers:
                self._peers.remove(place)
            else:
                if len(self._peers) == _MAX_PEERS:
                    self._radio.del_peer(self._peers.pop(0))
                self._radio.add_peer(place)
            self._peers.append(place)
            self._radio.send(place, data, False)
        except OSError as error:
            notes.tell("esp-now: not sent: %s" % error)

    def broadcast(self, data: bytes) -> None:
        """Send a datagram to every board in range."""
        self.send(_BROADCAST, data)

    def address_of(self, place: bytes) -> str:
        """The address of a MAC."""
        return "espnow:" + hexlify(place)

    def close(self) -> None:
        """Switch ESP-NOW off; the radio stays on."""
        self._radio.active(False)

    async def receive(self) -> tuple[bytes, bytes]:
        """The next datagram: (place, data)."""
        while True:
            await readable(self._radio)
            place, data = self._radio.recv(0)
            if place is not None and data is not None:
                return bytes(place), bytes(data)
