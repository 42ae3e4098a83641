"""The far end of a chip's console: a pty and a TCP port, all of them the same wire.

What the chip sends goes to everyone who is connected and is lost for who does not read it; what anyone sends goes to
the chip in the order it comes.
"""

import os
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_ROOM: Final = 8192  # bytes the chip has not taken yet: then its host has to wait, as USB makes it do
_PIECE: Final = 4096
_MOST: Final = 8  # connections: the oldest gives way, for its other end may have died without a word


class Wires:
    """`pty` is the descriptor of a pseudo-terminal's controlling end, not blocking."""

    def __init__(self, pty: int, address: tuple[str, int]) -> None:
        self.inbox = bytearray()
        self._pty = pty
        self._address = address
        self._server: socket.socket | None = None
        self._clients: list[socket.socket] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(pty, selectors.EVENT_READ, self._read_pty)
        self._watched: set[int] = set()

    def listen(self) -> None:
        """Open the TCP port, once. Raises OSError when it is taken."""
        if self._server is None:
            self._server = socket.create_server(self._address)
            self._selector.register(self._server, selectors.EVENT_READ, self._accept)

    def send(self, data: bytes) -> None:
        """To everyone."""
        with suppress(BlockingIOError):
            os.write(self._pty, data)
        for client in list(self._clients):
            try:
                client.send(data)
            except BlockingIOError:
                continue
            except OSError:
                self._hang_up(client)

    def take(self, most: int) -> bytes:
        """The first bytes of the inbox."""
        data = bytes(self.inbox[:most])
        del self.inbox[:most]
        return data

    def wait(self, seconds: float | None) -> None:
        """Until something comes into the inbox or to what is watched, at most so long. A full inbox takes nothing."""
        is_full = len(self.inbox) >= _ROOM
        if is_full:
            time.sleep(seconds or 0)
        for key, _ in self._selector.select(0 if is_full else seconds):
            read: Callable[[], None] = key.data
            if key.fd in self._watched or not is_full:
                read()

    def watch(self, descriptor: int, read: Callable[[], None]) -> None:
        """Have `wait` look at the chip's own end, too, and call `read` when something comes."""
        self._selector.register(descriptor, selectors.EVENT_READ, read)
        self._watched.add(descriptor)

    def forget(self, descriptor: int) -> None:
        """Look at it no more."""
        self._selector.unregister(descriptor)
        self._watched.remove(descriptor)

    def _read_pty(self) -> None:
        with suppress(BlockingIOError):
            self.inbox += os.read(self._pty, _PIECE)

    def _accept(self) -> None:
        assert self._server is not None
        client, _ = self._server.accept()
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clients.append(client)
        self._selector.register(client, selectors.EVENT_READ, lambda: self._read_client(client))
        if len(self._clients) > _MOST:
            self._hang_up(self._clients[0])

    def _read_client(self, client: socket.socket) -> None:
        try:
            data = client.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.inbox += data
        else:
            self._hang_up(client)

    def _hang_up(self, client: socket.socket) -> None:
        if client in self._clients:
            self._clients.remove(client)
            self._selector.unregister(client)
            client.close()
