"""A tap on a board's command link: a real TCP relay that can hold a request, or the reply to it, at a chosen kind."""

import socket
import threading
from contextlib import suppress

from sealwright.link.frames import FrameReader


class Tap:
    """Relays between hosts and a board. `hold`: "request" or "reply" of the request kind given.

    `reached` is set when the held bytes are here; they go on at `release`, or are lost at `cut`.
    """

    def __init__(self, url, kind, hold):
        host, port = url.removeprefix("tcp:").rsplit(":", 1)
        self._target = (host, int(port))
        self._kind, self._hold = kind, hold
        self.reached, self._go, self._lost = threading.Event(), threading.Event(), False
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp:127.0.0.1:{self._server.getsockname()[1]}"
        self._sockets = []
        threading.Thread(target=self._accept, daemon=True).start()

    def release(self):
        self._go.set()

    def cut(self):
        self._lost = True
        self._go.set()
        for one in [self._server, *self._sockets]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                host = self._server.accept()[0]
                board = socket.create_connection(self._target)
                self._sockets += [host, board]
                asked = [None]  # the kind of the connection's last request, which is what a reply answers
                threading.Thread(target=self._relay, args=(asked, host, board, "request"), daemon=True).start()
                threading.Thread(target=self._relay, args=(asked, board, host, "reply"), daemon=True).start()

    def _relay(self, asked, source, target, way):
        frames = FrameReader()
        with suppress(OSError):
            while data := source.recv(65536):
                for frame in frames.feed(data):
                    if way == "request":
                        asked[0] = frame.kind
                    if asked[0] == self._kind and way == self._hold:
                        self.reached.set()
                        self._go.wait()
                        if self._lost:
                            return
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
