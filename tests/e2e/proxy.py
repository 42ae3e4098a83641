"""A wire between two devices with a witness on it: passes bytes both ways and keeps every message that crosses.

What the proxy has received has left the device: it is noted before it goes on. Frames are decoded with the host's own
reader. `silence()` cuts like a power failure: nobody gets a word. `tamper` changes what a device is answered.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from sealwright.errors import SealwrightError
from sealwright.link.frames import Frame, FrameReader, pack
from sealwright.wire.messages import Message, parse_message

BILL, PAY = 35, 36  # kinds of requests, see firmware/schema/rpc.cddl

Note = Callable[[Message], None]


def messages_in(item) -> Iterator[Message]:
    """Every signed message in a frame's item, however deep in lists."""
    if isinstance(item, list):
        for part in item:
            yield from messages_in(part)
    elif isinstance(item, bytes):
        with contextlib.suppress(SealwrightError):
            yield parse_message(item)


def _ignore(message: Message) -> None:
    pass


class Proxy:
    """Listens on a port of its own and connects on to `target() -> (host, port)`, asked anew for each connection.

    asked and answered: result of every message in a request, and in a reply.
    """

    def __init__(self, target: Callable[[], tuple[str, int]], asked: Note = _ignore, answered: Note = _ignore) -> None:
        self._target, self._notes = target, (asked, answered)
        self.tamper: Callable[[Frame], bytes | None] | None = None  # a reply's frame -> other bytes, or None: as it is
        self.connections = 0
        self.steps = 0  # bills and vouchers asked for
        self.errors: list[Exception] = []
        self._pairs: list[_Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp:127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed: the test is over
            try:
                far = socket.create_connection(self._target(), 2)
            except OSError:
                near.close()  # its board is down
                continue
            self.connections += 1
            self._pairs.append(_Pair(self, near, far))

    def take(self, frames: list[Frame], answers: bool) -> None:
        """Note the messages in these frames."""
        for frame in frames:
            self.steps += not answers and frame.kind in (BILL, PAY)
            for message in messages_in(frame.item):
                try:
                    self._notes[answers](message)
                except AssertionError as error:
                    self.errors.append(error)  # on the proxy's thread nobody would see it

    @staticmethod
    def repack(frame: Frame, item: object) -> bytes:
        """The reply `frame` with another item."""
        return pack(Frame(frame.id, frame.kind, item))

    def silence(self) -> None:
        """Pass nothing more on the connections there are, and tell neither side."""
        for pair in self._pairs:
            pair.silent = True

    def close(self) -> None:
        """End all connections and listen no more."""
        self._listener.close()
        for pair in self._pairs:
            pair.end()


class _Pair:
    """One connection: a thread for each direction."""

    def __init__(self, proxy: Proxy, near: socket.socket, far: socket.socket) -> None:
        self._proxy, self._near, self._far = proxy, near, far
        self.silent = False
        for source, sink, answers in ((near, far, False), (far, near, True)):
            threading.Thread(target=self._pump, args=(source, sink, answers), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        reader = FrameReader()
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                frames = reader.feed(data)
                self._proxy.take(frames, answers)
                if not self.silent:
                    sink.sendall(self._changed(frames, data) if answers else data)
        if not self.silent:
            self.end()

    def _changed(self, frames: list[Frame], data: bytes) -> bytes:
        if self._proxy.tamper is None:
            return data
        changed = [self._proxy.tamper(frame) for frame in frames]
        return b"".join(pack(frame) if other is None else other for frame, other in zip(frames, changed, strict=True))

    def end(self) -> None:
        for end in (self._near, self._far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
