"""The prompt of a MicroPython board, driven by mpremote's own transport: the one module that knows mpremote.

Scripts run in raw REPL. Files go to the board as base64, a piece at a time, each asked for by the board: one script a
file instead of one a piece, which is twice as fast over a slow wire, and Ctrl-C still ends it, because no byte of
base64 is one. A board that runs Sealwright and is not provisioned releases its console at mpremote's first bytes; a
provisioned one never does.

mpremote prints what it does not understand: its output is kept from ours. Not for threads, therefore.
"""

import ast
import io
import secrets
import struct
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from ...errors import RefusedByDevice, SealwrightError, Unreachable
from ...link.transport import PORT_ERRORS, split_url, unopened

PATIENCE: Final = 60.0  # seconds for an answer: an emulated Pico takes three times as long as a real one
KNOCK_SECONDS: Final = 10.0
_ONE_KNOCK: Final = 3.0
_PAUSE: Final = 1.0
_PIECE: Final = 1024  # base64 characters: 768 bytes
_END: Final = b"\x04"  # of what a script prints, and of its traceback
_NO_SPACE: Final = ("ENOSPC", "OSError: 28")
_PREPARE: Final = """
import gc, sys
from binascii import a2b_base64
def put(path, n, size):
    piece = memoryview(bytearray(size))
    with open(path, "wb") as file:
        while n:
            part = piece[: min(n, size)]
            sys.stdout.write("+")
            n -= sys.stdin.buffer.readinto(part)
            file.write(a2b_base64(part))
gc.collect()
"""
# by a port that is gone, and by a socket, which has no lines to release
_UNCLOSED: tuple[type[Exception], ...] = (*PORT_ERRORS, AttributeError)
Advance = Callable[[int], None]


class NoPrompt(Unreachable):
    """Nothing that is MicroPython's prompt answers."""

    code = "no_prompt"


class ScriptFailed(SealwrightError):
    """A script raised on the board. The text is the last line of its traceback."""

    code = "script_failed"
    remedy = "Put a fresh image on the board with `sealwright flash`, then deploy again."


class Console:
    """An open prompt. Use as a context manager. Raises Unreachable, and NoPrompt where no MicroPython answers."""

    def __init__(self, url: str, seconds: float = KNOCK_SECONDS) -> None:
        self.url = url
        scheme, address = split_url(url)
        # mpremote treats a pty as one only by its real name
        port = f"socket://{address}" if scheme == "tcp" else str(Path(address).resolve())
        try:
            self._transport = SerialTransport(port, timeout=PATIENCE)
        except (TransportError, *PORT_ERRORS, ValueError) as error:
            raise unopened(url, error) from error
        try:
            self._knock(seconds)
            self.run(_PREPARE)
        except BaseException:
            self.close()
            raise

    def _knock(self, seconds: float) -> None:
        """Enter raw REPL. Again and again: a running program may swallow what comes right behind the Ctrl-C. Then once
        more, after a pause: answers to the earlier ones may have been under way, or still are. Also before the first:
        a frame of the command link may have the byte that opens the prompt."""
        end = time.monotonic() + seconds
        late = False
        while True:
            try:
                with self._quiet():
                    self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_ONE_KNOCK)
                    if not late:
                        self._check_in_step()
                if not late:
                    return
                time.sleep(_PAUSE)
                self._transport.serial.reset_input_buffer()
                late = False
            except TransportError as error:
                late = True
                if time.monotonic() > end:
                    raise NoPrompt(f"no MicroPython prompt answers at {self.url}", remedy=_NO_ANSWER) from error
            except PORT_ERRORS as error:
                raise self._lost() from error

    def _check_in_step(self) -> None:
        """Raise TransportError where what comes is no answer to what was asked: a slow board answers earlier knocks."""
        word = secrets.token_hex(8)
        out, trace = self._transport.exec_raw(f"print({word!r})", timeout=_ONE_KNOCK)
        if bytes(out).strip() != word.encode() or trace:
            raise TransportError("an answer to an earlier knock")

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """mpremote's waits end by themselves: a pty is read byte by byte, for as long as the port's timeout."""
        self._transport.serial.timeout = _ONE_KNOCK
        try:
            with redirect_stdout(io.StringIO()):
                yield
        finally:
            self._transport.serial.timeout = PATIENCE

    def run(self, script: str) -> str:
        """What a script prints. Raises ScriptFailed, RefusedByDevice for a full flash, Unreachable."""
        with self._talking():
            out, trace = self._transport.exec_raw(script, timeout=PATIENCE)
            return _printed(out, trace)

    def value(self, script: str) -> Any:
        """The value that a script prints as its last line, as a Python literal. Raises as `run` does."""
        printed = self.run(script).strip().splitlines()
        try:
            return ast.literal_eval(printed[-1])
        except (IndexError, ValueError, SyntaxError) as error:
            raise Unreachable(
                f"{self.url} answered with something else than it was asked", remedy=_NO_ANSWER
            ) from error

    def write(self, path: str, data: bytes, advance: Advance) -> None:
        """Write a file; `advance` gets the count of bytes sent. Raises as `run` does."""
        text = b64encode(data)
        with self._talking():
            self._transport.exec_raw_no_follow(f"put({path!r}, {len(text)}, {_PIECE})")
            for at in range(0, len(text), _PIECE):
                asked = self._transport.serial.read(1)
                if asked == _END:  # it raised instead of asking
                    trace = self._transport.read_until(1, _END, timeout=PATIENCE)
                    _printed(b"", trace.removesuffix(_END))
                if asked != b"+":
                    raise TransportError(f"no request for the next piece, but {asked!r}")
                self._transport.serial.write(text[at : at + _PIECE])
                advance(min(len(data), (at + _PIECE) // 4 * 3))
            _printed(*self._transport.follow(PATIENCE))

    def start(self, script: str) -> None:
        """Run a script that never answers, such as a reset, which may take the port away at once."""
        with suppress(Unreachable), self._talking():
            self._transport.exec_raw_no_follow(script)

    @contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            with redirect_stdout(io.StringIO()):
                yield
        except (TransportError, *PORT_ERRORS, struct.error) as error:
            raise self._lost() from error

    def _lost(self) -> Unreachable:
        remedy = "Check the cable, then do it again: what is on the board already is not copied again."
        return Unreachable(f"{self.url} stopped answering", remedy=remedy, code="connection_lost")

    def close(self) -> None:
        try:
            self._transport.close()
        except _UNCLOSED:
            self._transport.serial.close()

    def __enter__(self) -> "Console":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_NO_ANSWER: Final = (
    "Check that MicroPython is on it (`sealwright flash`), that this is its port, and that a UART runs at 115200 baud."
)


def _printed(out: bytes, trace: bytes) -> str:
    if not trace:
        return out.decode(errors="replace")
    last = trace.decode(errors="replace").strip().splitlines()[-1]
    if any(sign in last for sign in _NO_SPACE):
        remedy = "Remove files of your own from it, or erase it: `sealwright flash` with --erase."
        raise RefusedByDevice("the board's flash is full", remedy=remedy, code="storage_full")
    raise ScriptFailed(f"a script failed on the board: {last}")
