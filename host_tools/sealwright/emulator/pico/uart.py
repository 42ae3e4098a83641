"""The far end of a chip's UART: another emulated board, or a tty.

Each board listens at the socket `uart` in its folder. One that was given another end connects there, and again after
that board's power was cut. Bytes go in at the chip's own pace: what it has no time to read is lost, as on a wire.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ...extras import unix
from ..wires import Wires

tty = unix("tty")

SOCKET: Final = "uart"
_BITS: Final = 10  # of a byte on the wire, with its start and stop bits
_FIFO: Final = 32
_PIECE: Final = 4096
_ROOM: Final = 8192  # bytes on their way to the chip
_RETRY_NANOS: Final = 300_000_000  # of the chip's time


class Uart:
    """The wire of rp2040py's `uart`. nanos: the chip's time. other: a tty, or the socket of another board."""

    def __init__(self, uart: Any, wires: Wires, nanos: Callable[[], float], other: str | None) -> None:
        self._uart = uart
        self._wires = wires
        self._nanos = nanos
        self._other = other
        self._descriptor: int | None = None
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._then = self._tried = 0.0
        self._credit = 0.0  # bytes that the wire had time for
        self._server = self._listen()
        uart.on_byte = self._outbox.append

    @property
    def is_busy(self) -> bool:
        """Whether bytes are on their way to the chip."""
        return bool(self._inbox)

    def attend(self) -> None:
        """Carry what there is, both ways. Call it often."""
        now = self._nanos()
        if self._descriptor is None and self._other is not None and now - self._tried > _RETRY_NANOS:
            self._tried = now
            self._connect(self._other)
        self._send()
        self._feed(now - self._then)
        self._then = now

    def _feed(self, nanos: float) -> None:
        baud = self._uart.baud_rate if self._inbox and self._uart.enabled else 0
        self._credit = min(self._credit + nanos * baud / _BITS / 1e9, _FIFO) if self._inbox else 0.0
        for byte in self._inbox[: int(self._credit)]:
            self._uart.feed_byte(byte)
        del self._inbox[: int(self._credit)]
        self._credit -= int(self._credit)

    def _send(self) -> None:
        if self._outbox and self._descriptor is not None:
            try:
                os.write(self._descriptor, self._outbox)
            except BlockingIOError:
                pass  # nobody reads the other end: lost, as on a wire
            except OSError:
                self._hang_up()
        self._outbox.clear()

    def _listen(self) -> socket.socket:
        Path(SOCKET).unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX)
        server.bind(SOCKET)
        server.listen(1)
        server.setblocking(False)
        self._wires.watch(server.fileno(), self._accept)
        return server

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            self._join(self._server.accept()[0].detach())

    def _connect(self, other: str) -> None:
        with suppress(OSError):
            if Path(other).is_char_device():
                wire = os.open(other, os.O_RDWR | os.O_NOCTTY)
                tty.setraw(wire)
                self._join(wire)
                return
            end = socket.socket(socket.AF_UNIX)
            try:
                end.connect(other)
            except OSError:
                end.close()
                raise
            self._join(end.detach())

    def _join(self, descriptor: int) -> None:
        self._hang_up()
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._wires.watch(descriptor, self._read)

    def _read(self) -> None:
        assert self._descriptor is not None
        try:
            data = os.read(self._descriptor, _PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._hang_up()
        elif len(self._inbox) < _ROOM:
            self._inbox += data

    def _hang_up(self) -> None:
        if self._descriptor is not None:
            self._wires.forget(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
