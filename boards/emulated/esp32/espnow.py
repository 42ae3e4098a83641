"""The module `espnow` of an emulated board: frames between boards that are datagrams on the host's loopback.

A board's MAC address holds its address there, see `network`. The broadcast address reaches every board whose folder is
beside this one's: those of one home are in range of each other. Frames are neither acknowledged nor lost, but for those
to a board that is off.
"""

import io
import socket
import struct

import network

_PORT = 4799
_BROADCAST = b"\xff" * 6
_MOST_BYTES = 250
_MOST_PEERS = 20
_POLL_FILENO = 10  # MP_STREAM_GET_FILENO: `select.poll` asks for the descriptor


class ESPNow(io.IOBase):
    """The one radio."""

    def __init__(self) -> None:
        self._socket: "socket.socket | None" = None
        self._peers: list[bytes] = []

    def active(self, is_active: bool) -> bool:
        """Begin or end to send and receive."""
        if is_active and self._socket is None:
            station = network.WLAN(network.WLAN.IF_STA)
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind(_place(station.config("mac")))
            self._socket.setblocking(False)
        elif not is_active and self._socket is not None:
            self._socket.close()
            self._socket = None
        return self._socket is not None

    def add_peer(self, mac: bytes) -> None:
        """Allow sending to `mac`."""
        if mac in self._peers:
            raise OSError(-12395, "ESP_ERR_ESPNOW_EXIST")
        if len(self._peers) == _MOST_PEERS:
            raise OSError(-12392, "ESP_ERR_ESPNOW_FULL")
        self._peers.append(mac)

    def del_peer(self, mac: bytes) -> None:
        """Undo `add_peer`."""
        if mac not in self._peers:
            raise OSError(-12393, "ESP_ERR_ESPNOW_NOT_FOUND")
        self._peers.remove(mac)

    def send(self, mac: bytes, data: bytes, is_acknowledged: bool = True) -> bool:
        """Send a frame to a peer."""
        if mac not in self._peers:
            raise OSError(-12393, "ESP_ERR_ESPNOW_NOT_FOUND")
        if len(data) > _MOST_BYTES:
            raise ValueError("a frame has 250 bytes at most")
        if self._socket is None:
            raise OSError(-12389, "ESP_ERR_ESPNOW_NOT_INIT")
        for receiver in [mac] if mac != _BROADCAST else network.others():
            self._socket.sendto(data, _place(receiver))
        return True

    def recv(self, timeout_ms: int) -> "tuple[bytes | None, bytes | None]":
        """The next frame: (mac, data); (None, None) where there is none. timeout_ms: 0 alone."""
        if self._socket is None:
            raise OSError(-12389, "ESP_ERR_ESPNOW_NOT_INIT")
        try:
            data, place = self._socket.recvfrom(_MOST_BYTES)
        except OSError:
            return None, None
        return b"\x02\x00" + bytes(place)[4:8], data

    def ioctl(self, request: int, argument: int) -> int:
        """What `select.poll` asks."""
        return self._socket.fileno() if request == _POLL_FILENO and self._socket is not None else -1


def _place(mac: bytes) -> bytes:
    """The sockaddr_in of a board."""
    return struct.pack("<H", socket.AF_INET) + struct.pack(">H", _PORT) + mac[2:] + bytes(8)
