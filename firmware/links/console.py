"""The interpreter's console as a link: the USB serial port, or UART, where its prompt would be.

A frame that leaves begins with a delimiter of its own: what the chip printed before it (a boot loader's greeting, a
driver's log) is then a broken frame by itself and damages none. Ctrl-C must be shut off (`micropython.kbd_intr(-1)`).

mpremote begins with carriage return and Ctrl-C. A frame never does: its second byte begins a CBOR array. So these two
bytes at the start of a frame, or after a second of silence, end the link with SystemExit, and main.py returns the
console to the prompt. Once the board has an identity, they are dropped like any other damaged frame.

Limits: MicroPython only. `sys.stdin.buffer` waits for as many bytes as it is asked for, so bytes are read one by one
while `select` has more. USB holds the host back while the board is busy; a UART does not, and bytes beyond its buffer
(256 bytes on ESP32) are lost, with their frame: the request gets no reply, and the client repeats it.
"""

import asyncio
import select
import sys

from seal.compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from seal.ports import ConnectionHandler, Store, Ticks

IDENTITY = "j-identity"  # the journal's record that closes the console
KNOCK = b"\r\x03"

_SILENCE_MS = const(1000)
_PAUSE_SECONDS = 0.2
_PIECE = const(64)
_INSIDE = const(9)
_CTRL_C = const(3)


class Door:
    """Detects mpremote's first bytes. `ticks`: milliseconds, as `compat.ticks_ms`."""

    def __init__(self, ticks: "Callable[[], Ticks]" = ticks_ms) -> None:
        self._ticks = ticks
        self._last = ticks()
        self._matches = 0

    def knocks(self, data: bytes | bytearray) -> bool:
        """Whether these new bytes contain or complete a KNOCK at the start of a frame."""
        now = self._ticks()
        if ticks_diff(now, self._last) > _SILENCE_MS:
            self._matches = 0
        self._last = now
        is_knock = False
        for byte in data:
            if byte == 0:
                self._matches = 0
            elif self._matches < len(KNOCK) and byte == KNOCK[self._matches]:
                self._matches += 1
                is_knock = is_knock or self._matches == len(KNOCK)
            else:
                self._matches = _INSIDE
        return is_knock


class ConsoleLink:
    """`store` (port Store) has the record of the identity, once the board has one."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    async def serve(self, handler: "ConnectionHandler") -> None:
        """Call `handler(reader, writer)` again and again. Raises SystemExit when mpremote connects to a board
        without an identity."""
        while True:
            await handler(_Reader(self._store), _Writer())
            await asyncio.sleep(_PAUSE_SECONDS)


class _Reader:
    def __init__(self, store: "Store") -> None:
        self._store = store
        self._wire = sys.stdin.buffer
        self._byte = bytearray(1)
        self._door = Door()
        self._poll = select.poll()
        self._poll.register(self._wire, select.POLLIN)

    async def read(self, n: int) -> bytes:
        """The bytes that have arrived, at least one and up to `n`; none at the end of the stream."""
        await _readable(self._wire)
        data = bytearray()
        while len(data) < n and self._has_more() and self._wire.readinto(self._byte):
            data.extend(self._byte)
            if self._byte[0] == _CTRL_C:
                break  # the bytes after a knock are for the prompt
        if self._door.knocks(data) and IDENTITY not in self._store.names():
            raise SystemExit
        return bytes(data)

    def _has_more(self) -> bool:
        for _ in self._poll.ipoll(0):
            return True
        return False


class _Writer:
    def __init__(self) -> None:
        self._wire = sys.stdout.buffer
        self._frame: "bytes | bytearray" = b""

    def write(self, data: "bytes | bytearray") -> None:
        """Keep one frame for `drain`."""
        self._frame = data

    async def drain(self) -> None:
        """Send the frame, after a delimiter of its own."""
        frame, self._frame = memoryview(self._frame), b""
        await _writable(self._wire)
        self._wire.write(b"\x00")
        at = 0
        while at < len(frame):
            await _writable(self._wire)
            at += self._wire.write(frame[at : at + _PIECE]) or 0

    def close(self) -> None:
        """The wire stays."""


def _readable(wire: object) -> "Any":
    yield asyncio.core._io_queue.queue_read(wire)  # type: ignore[attr-defined]  # the stubs have no `core`


def _writable(wire: object) -> "Any":
    yield asyncio.core._io_queue.queue_write(wire)  # type: ignore[attr-defined]
