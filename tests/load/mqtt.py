"""A publisher of MQTT 3.1.1 at the speed of a load: QoS 1, some hundred messages on their way at once.

paho's client takes more time for a message than signing it does, and the load is to be the hub's. Nothing else of MQTT
is here. What a server did not acknowledge is sent again, to another one where it has ended, in the same order.
"""

import socket
import ssl
import struct
import time
from collections import OrderedDict
from collections.abc import Callable

WINDOW = 100  # messages that may wait for their acknowledgement
SEND_BYTES = 16_384
PATIENCE = 120.0
_PUBACK = 0x40


class Publisher:
    """A connection to one of some servers: (host, port) each. acked: gets each payload that a server acknowledged."""

    def __init__(
        self,
        servers: list[tuple[str, int]],
        context: ssl.SSLContext,
        user: str,
        password: str,
        name: str,
        acked: Callable[[bytes], None],
    ) -> None:
        self._servers, self._context, self._acked = servers, context, acked
        self._hello = _connect_packet(name, user, password)
        self._waiting: OrderedDict[int, tuple[str, bytes]] = OrderedDict()
        self._number, self._turn, self.cuts = 0, 0, 0
        self._out, self._in = bytearray(), bytearray()
        self._socket: ssl.SSLSocket | None = None
        self._begin()

    def publish(self, topic: str, payload: bytes) -> None:
        """Send it soon; it may wait until others are acknowledged."""
        while len(self._waiting) >= WINDOW:
            self._flush()
            self._hear(0.5)
        self._number = self._number % 65535 + 1
        self._waiting[self._number] = topic, payload
        self._out += _publish_packet(self._number, topic, payload)
        if len(self._out) >= SEND_BYTES:
            self._flush()
            self._hear(0.0)

    def close(self) -> None:
        """Return when all is acknowledged."""
        end = time.monotonic() + PATIENCE
        while self._waiting:
            self._flush()
            self._hear(0.5)
            if time.monotonic() > end:
                raise TimeoutError(f"{len(self._waiting)} messages were not acknowledged")
        if self._socket is not None:
            self._socket.close()

    def _flush(self) -> None:
        try:
            assert self._socket is not None
            self._socket.settimeout(10.0)
            self._socket.sendall(self._out)
            self._out.clear()
        except OSError:
            self._begin()

    def _hear(self, seconds: float) -> None:
        """Take in acknowledgements; wait for the first so long."""
        try:
            assert self._socket is not None
            self._socket.settimeout(seconds)
            found = self._socket.recv(65536)
            if not found:
                raise ConnectionError("the server has ended")
            self._in += found
        except (TimeoutError, ssl.SSLWantReadError, BlockingIOError):
            return
        except OSError:
            self._begin()
            return
        while len(self._in) >= 4 and self._in[0] == _PUBACK:
            number = int.from_bytes(self._in[2:4], "big")
            del self._in[:4]
            found = self._waiting.pop(number, None)
            if found is not None:
                self._acked(found[1])

    def _begin(self) -> None:
        """Connect to the next server, and send again what is not acknowledged."""
        if self._socket is not None:
            self._socket.close()
            self.cuts += 1
        end = time.monotonic() + PATIENCE
        while True:
            host, port = self._servers[self._turn % len(self._servers)]
            self._turn += 1
            try:
                plain = socket.create_connection((host, port), 5)
                self._socket = self._context.wrap_socket(plain, server_hostname=host)
                self._socket.settimeout(10.0)
                self._socket.sendall(self._hello)
                answer = self._socket.recv(4)
                if len(answer) != 4 or answer[3]:
                    raise ConnectionError(f"refused: {answer.hex()}")
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
        self._in.clear()
        self._out = bytearray(b"".join(_publish_packet(n, *one, 8) for n, one in self._waiting.items()))


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def _packet(kind: int, body: bytes) -> bytes:
    size, head = len(body), bytearray([kind])
    while True:
        size, part = size >> 7, size & 0x7F
        head.append(part | (0x80 if size else 0))
        if not size:
            return bytes(head) + body


def _connect_packet(name: str, user: str, password: str) -> bytes:
    clean_with_user_and_password, keepalive = 0xC2, 0
    body = _text("MQTT") + bytes([4, clean_with_user_and_password]) + struct.pack(">H", keepalive)
    return _packet(0x10, body + _text(name) + _text(user) + _text(password))


def _publish_packet(number: int, topic: str, payload: bytes, again: int = 0) -> bytes:
    return _packet(0x32 | again, _text(topic) + struct.pack(">H", number) + payload)
