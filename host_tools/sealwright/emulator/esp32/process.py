"""The process of an emulated ESP32: `python -P -m sealwright.emulator.esp32.process FOLDER BOARD-FOLDER`.

Holds the board's lock, as every emulated board does, and its wires, and runs MicroPython behind them: a process each
time the board gets power, again after each reset. That process ends with this one, however this one ends (see `chip`).
"""

import json
import os
import pty
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..launch import ResetLine, begin, end_with_lifeline
from ..wires import Wires
from .interpreter import environment, micropython

HEAP: Final = (
    "704k"  # objects are twice as large as the chip's; the models of its parts are on it too, and the compiler
)
RESET: Final = 75  # as boards/emulated/chip.py has it
SOFT_RESET: Final = 0  # how the prompt ends
_PIECE: Final = 4096
_FULL_SECONDS: Final = 0.01  # until what the chip did not take is offered again
_RAW_END: Final = b"OK\r\n"  # the last words of a prompt in raw mode
_PROMPT: Final = b">>> "
_RAW: Final = b"\x01"


class Power:
    """MicroPython, from power-on until it ends. raw: with its prompt in raw mode, as after a soft reset there.

    is_mounted: whether it got as far as having its flash.
    """

    def __init__(self, board: Path, wires: Wires, raw: bool) -> None:
        self._wires = wires
        self._is_coming_up_raw = raw
        self._is_on = True
        self._last = b""
        # no terminal: the unix port throws away what came early whenever it sets one up, which no UART does
        self._console, console = socket.socketpair()
        self._console.setblocking(False)
        self._terminal, terminal = pty.openpty()
        ready, mounted = os.pipe()
        self._pipe, chip = os.pipe()
        self._line = ResetLine(self._pipe)
        for descriptor in (terminal, mounted, chip):
            os.set_inheritable(descriptor, True)
        variables = {"SEALWRIGHT_TERMINAL": str(terminal), "SEALWRIGHT_READY": str(mounted)}
        variables |= {"SEALWRIGHT_CHIP": str(chip), "SEALWRIGHT_RAW": "1" if raw else ""}
        self._process = subprocess.Popen(
            micropython("-X", f"heapsize={HEAP}", str(board.parent / "emulated" / board.name / "power_on.py")),
            stdin=console.fileno(),
            stdout=console.fileno(),
            env={**environment(board), **variables},
            close_fds=False,  # the lock goes along
            start_new_session=True,
        )
        console.close()
        for descriptor in (terminal, mounted, chip):
            os.close(descriptor)
        self.is_mounted = os.read(ready, 1) != b""  # else the process has ended without
        os.close(ready)

    def run(self) -> int:
        """Join it to the wires until it ends; its exit code, or RESET."""
        is_reset = False
        self._wires.watch(self._console.fileno(), self._hear)
        self._wires.watch(self._pipe, self._attend)
        while self._is_on:
            self._wires.wait(_FULL_SECONDS if self._wires.inbox else self._line.seconds)
            with suppress(OSError):  # full, or about to be gone
                del self._wires.inbox[: self._console.send(self._wires.inbox)]
            if self._line.is_reset and not is_reset:
                is_reset = True
                self._process.kill()  # the loop ends when all is heard that it said before
        if self._line.is_on:
            self._wires.forget(self._pipe)
        self._wires.forget(self._console.fileno())
        self._console.close()
        for descriptor in (self._terminal, self._pipe):
            os.close(descriptor)
        code = self._process.wait()
        return RESET if is_reset else code

    def _attend(self) -> None:
        self._line.hear()
        if not self._line.is_on:
            self._wires.forget(self._pipe)

    @property
    def ended_raw(self) -> bool:
        """Whether its prompt was in raw mode at the end."""
        return self._last.endswith(_RAW_END)

    @property
    def last_words(self) -> str:
        """The end of what it printed."""
        return self._last.decode(errors="replace")

    def _hear(self) -> None:
        try:
            data = self._console.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._is_on = data != b""
        self._last = (self._last + data)[-_PIECE:]
        if not self._is_coming_up_raw:
            self._wires.send(data)
        elif self._last.endswith(_PROMPT):
            self._is_coming_up_raw = False
            self._console.send(_RAW)


def main(folder: Path, board: Path) -> int:
    """Run the board in `folder` until it cannot be started again; the exit code."""
    wire = begin(folder)
    if wire is None:
        return 2
    end_with_lifeline()
    hardware = json.loads(Path("hardware.json").read_text())
    wires = Wires(wire, tuple(hardware["command"]))
    code, raw = RESET, False
    while code in (RESET, SOFT_RESET):
        power = Power(board, wires, raw)
        if power.is_mounted:
            wires.listen()
        code = power.run()
        if not power.is_mounted:  # its console was no wire yet
            sys.stderr.write(power.last_words)
        raw = code == SOFT_RESET and power.ended_raw
        if code == SOFT_RESET:
            wires.send(b"MPY: soft reboot\r\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
