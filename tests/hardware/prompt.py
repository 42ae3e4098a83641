"""The board's console as somebody at the wire sees it: raw bytes, and MicroPython's raw prompt where it lets one in."""

import time
from types import TracebackType

import serial

PROMPTS = (b">>> ", b"raw REPL", b"Traceback", b"KeyboardInterrupt")


class Wire:
    """The serial port `path`, open. Use as a context manager."""

    def __init__(self, path: str) -> None:
        self._port = serial.Serial(path, 115200, timeout=0.05, exclusive=True)

    def send(self, keys: bytes) -> None:
        self._port.write(keys)

    def says(self, seconds: float, until: bytes | None = None) -> bytes:
        """What comes in so many seconds, or until some bytes have come."""
        said, end = b"", time.monotonic() + seconds
        while time.monotonic() < end and (until is None or until not in said):
            said += self._port.read(4096)
        return said

    def enter(self, seconds: float = 3) -> bool:
        """Try for the raw prompt as mpremote does; whether it came, each of its two answers in so many seconds."""
        self.send(b"\r\x03")
        self.says(seconds, b">>> ")
        self.send(b"\r\x01")
        return b"raw REPL; CTRL-B to exit" in self.says(seconds, b"exit\r\n>")

    def run(self, source: str, seconds: float) -> str:
        """What a script prints at the raw prompt. Raises AssertionError with its traceback."""
        for at in range(0, len(source), 128):  # a UART without flow control keeps up with no more
            self.send(source[at : at + 128].encode())
            time.sleep(0.02)
        self.send(b"\x04")
        said = self.says(seconds, b"\x04>")
        printed, trace = said.partition(b"OK")[2].split(b"\x04")[:2]
        assert not trace, trace.decode()
        return printed.decode()

    def leave(self) -> None:
        """Start the board again. It takes nothing for a second: a request may hold the byte of Ctrl-C, which would end
        the reset that is asked for here."""
        self.send(b"import machine; machine.reset()\x04")
        self.says(1)

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._port.close()
