"""The process of an emulated ESP32: `python -P -m sealwright.emulator.esp32.process FOLDER BOARD-FOLDER`.

Holds the board's lock, as every emulated board does, and its wires, and runs MicroPython behind them: a process each
time the board gets power, again after each reset. Its console is a terminal that this process holds: when this one
ends, in whatever way, the terminal hangs up, and the system ends MicroPython with it.
"""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import tty
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..launch import begin
from ..wires import Wires
from .launcher import environment, micropython

HEAP: Final = "400k"
RESET: Final = 75  # as boards/emulated/esp32/machine.py has it
SOFT_RESET: Final = 0  # how the prompt ends
_PIECE: Final = 4096
_FULL_SECONDS: Final = 0.01  # until what the chip did not take is offered again
_RAW_END: Final = b"OK\r\n"  # the last words of a prompt in raw mode
_PROMPT: Final = b">>> "
_RAW: Final = b"\x01"


class Power:
    """MicroPython, from power-on until it ends. raw: with its prompt in raw mode, as after a soft reset there."""

    def __init__(self, board: Path, wires: Wires, raw: bool) -> None:
        self._wires = wires
        self._is_coming_up_raw = raw
        self._is_on = True
        self._last = b""
        self._console, terminal = pty.openpty()
        os.set_blocking(self._console, False)
        tty.setraw(terminal)
        ready, mounted = os.pipe()
        os.set_inheritable(mounted, True)
        variables = {**environment(board), "SEALWRIGHT_READY": str(mounted), "SEALWRIGHT_RAW": "1" if raw else ""}
        script = str(board.parent / "emulated" / board.name / "power_on.py")
        self._chip = subprocess.Popen(
            micropython("-X", f"heapsize={HEAP}", script),
            stdin=terminal,
            stdout=terminal,
            env=variables,
            close_fds=False,  # the lock goes along
            start_new_session=True,
            preexec_fn=_be_hung_up,
        )
        os.close(terminal)
        os.close(mounted)
        os.read(ready, 1)  # until it is closed: the flash is mounted, or the process has ended
        os.close(ready)

    def run(self) -> int:
        """Join it to the wires until it ends; its exit code."""
        self._wires.watch(self._console, self._hear)
        while self._is_on:
            self._wires.wait(_FULL_SECONDS if self._wires.inbox else None)
            with suppress(OSError):  # full, or about to be gone
                del self._wires.inbox[: os.write(self._console, self._wires.inbox)]
        self._wires.forget(self._console)
        os.close(self._console)
        return self._chip.wait()

    @property
    def failed(self) -> bool:
        """Whether it ended before its flash was mounted."""
        return self._chip.poll() is not None

    @property
    def ended_raw(self) -> bool:
        """Whether its prompt was in raw mode at the end."""
        return self._last.endswith(_RAW_END)

    def _hear(self) -> None:
        try:
            data = os.read(self._console, _PIECE)
        except BlockingIOError:
            return
        except OSError:  # Linux tells so that nobody has the other end
            data = b""
        self._is_on = data != b""
        self._last = (self._last + data)[-_PIECE:]
        if not self._is_coming_up_raw:
            self._wires.send(data)
        elif self._last.endswith(_PROMPT):
            self._is_coming_up_raw = False
            os.write(self._console, _RAW)


def _be_hung_up() -> None:
    """In the new process: the terminal is its own, so it ends when that hangs up, even where its parents do not."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def main(folder: Path, board: Path) -> int:
    """Run the board in `folder` until it cannot be started again; the exit code."""
    wire = begin(folder)
    if wire is None:
        return 2
    hardware = json.loads(Path("hardware.json").read_text())
    wires = Wires(wire, tuple(hardware["command"]))
    code, raw = RESET, False
    while code in (RESET, SOFT_RESET):
        power = Power(board, wires, raw)
        if not power.failed:
            wires.listen()
        code = power.run()
        raw = code == SOFT_RESET and power.ended_raw
        if code == SOFT_RESET:
            wires.send(b"MPY: soft reboot\r\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
