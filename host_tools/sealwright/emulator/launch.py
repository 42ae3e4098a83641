"""The processes of emulated boards: `python -P launch.py BOARD-FOLDER HEAP FOLDER...`.

Holds the board's lock, opens its pty, and runs MicroPython in that folder, again after each reset: a process each
time, as a reset forgets all. The lock and the pty live on meanwhile, so whether a board runs is never a guess, and its
wire is there while nobody is connected. A signal is for the whole process group. Run as a script: it imports nothing of
the host's, so a board starts in a tenth of a second. For several boards it loads the interpreter once and forks: they
share the memory that it takes, half of what a board needs.
"""

import gc
import json
import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

with suppress(ImportError):  # on Windows no board runs, but the names below are read
    import fcntl
    import pty
    import tty

LOCK = "lock"
TTY = "tty"
LOG = "console.log"
LIFELINE = "SEALWRIGHT_LIFELINE"  # the number of a pipe's end: at its end the board ends, see `board.start_all`
RESET = b"reset"  # a line in the pipe from boards/emulated/chip.py


def main(board: Path, heap: str, folders: list[Path]) -> int:
    """Run one board until its program ends; its exit code. Of several, start each as a process of its own, and return
    when each has its lock, or has ended."""
    if len(folders) == 1:
        return run(folders[0], board, heap)
    if not os.environ.get("SEALWRIGHT_MICROPYTHON"):
        import micropython_unix  # noqa: F401 - before the forks, so that they share it

    gc.freeze()  # a collection in a child would write to every page that holds an object
    for folder in folders:
        ready, begun = os.pipe()
        if os.fork() == 0:
            os.close(ready)
            return _run_apart(folder, board, heap, begun)
        os.close(begun)
        os.read(ready, 1)  # its end, too, ends this
        os.close(ready)
    return 0


def _run_apart(folder: Path, board: Path, heap: str, begun: int) -> int:
    """What the fork for one board of several does: it leads a group of its own, as a board started alone does."""
    os.setsid()
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    return run(folder, board, heap, begun)


def run(folder: Path, board: Path, heap: str, begun: int | None = None) -> int:
    """Run until the board's program ends; its exit code. begun: a pipe to close once the board has its lock."""
    wire = begin(folder)
    if begun is not None:
        os.close(begun)
    if wire is None:
        return 2
    os.environ["SEALWRIGHT_PTY"] = str(wire)
    uart = json.loads(Path("hardware.json").read_text()).get("uart")
    if uart is not None:
        os.environ["SEALWRIGHT_UART"] = str(_open_uart(uart))
    firmware = board.parents[1] / "firmware"
    os.environ["MICROPYPATH"] = ":".join([str(firmware), str(board), str(board.parent), ".frozen"])
    code = None
    while code is None:
        code = _run(heap)
    return code


def begin(folder: Path) -> int | None:
    """Make this process the board's: its lock, its working folder, its wire. The wire's descriptor, or None where the
    board runs already."""
    os.chdir(folder)
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(lock, True)  # while a process that this one starts still runs, so does the board
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("this board runs already", file=sys.stderr)
        return None
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C in the terminal is for the program that started it
    return _open_pty()


def lifeline() -> int | None:
    """The pipe whose end ends this board, or None: whoever started it holds the other end, so a kill -9 ends it too."""
    number = os.environ.get(LIFELINE, "")
    return int(number) if number.isdigit() else None


def end_with_lifeline() -> None:
    """End the board with its lifeline, in a thread: for a process that does not fork."""
    pipe = lifeline()
    if pipe is not None:
        threading.Thread(target=_end_after, args=(pipe,), daemon=True).start()


def _end_after(pipe: int) -> None:
    with suppress(OSError):
        os.read(pipe, 1)
    os.killpg(os.getpgrp(), signal.SIGTERM)


def _run(heap: str) -> int | None:
    """Run MicroPython until it ends, and give its exit code, or None when it was reset."""
    pipe, chip = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(pipe)
        os.environ["SEALWRIGHT_CHIP"] = str(chip)
        _become_micropython(["micropython", "-X", f"heapsize={heap}", "-m", "emulated.power_on"])
    os.close(chip)
    is_reset = _attend(pipe)
    if is_reset:
        os.kill(child, signal.SIGKILL)
    os.close(pipe)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0 and not is_reset:
        print(f"the board's MicroPython ended by signal {signal.Signals(-code).name}", file=sys.stderr, flush=True)
    return None if is_reset else code


def _become_micropython(arguments: list[str]) -> None:
    """Run the user's own MicroPython in this process's place, or that of the package. Does not return."""
    own = os.environ.get("SEALWRIGHT_MICROPYTHON")
    if own:
        for name in ("SEALWRIGHT_CHIP", "SEALWRIGHT_PTY", "SEALWRIGHT_UART"):
            if name in os.environ:
                os.set_inheritable(int(os.environ[name]), True)
        os.execvp(own, arguments)
    import micropython_unix

    os._exit(int(micropython_unix.run_main(arguments)))


def _attend(pipe: int) -> bool:
    """Wait until the chip wants a reset; False when its program has ended. Ends the board with its lifeline."""
    line, life = ResetLine(pipe), lifeline()
    watched = [pipe] if life is None else [pipe, life]
    while line.is_on:
        heard = select.select(watched, [], [], line.seconds)[0]
        if life is not None and life in heard:
            _end_after(life)
        if pipe in heard:
            line.hear()
        if line.is_reset:
            return True
    return False


class ResetLine:
    """What a board's program asks of who holds the board, over a `pipe` from boards/emulated/chip.py: a reset, now or
    when the watchdog it started is not fed in time. is_on: False when the program has ended."""

    def __init__(self, pipe: int) -> None:
        self.is_on = True
        self._pipe = pipe
        self._is_told = False
        self._timeout: float | None = None  # seconds, once there is a watchdog
        self._fed = 0.0

    def hear(self) -> None:
        """Take what has come through the pipe; waits where nothing has."""
        lines = os.read(self._pipe, 4096)
        self.is_on = lines != b""
        self._is_told = self._is_told or RESET in lines
        words = lines.split()
        if self._timeout is None and words and not self._is_told:
            self._timeout = int(words[0]) / 1000
        self._fed = time.monotonic()

    @property
    def seconds(self) -> float | None:
        """How long until the watchdog has waited for too long; None where none runs."""
        if self._timeout is None or not self.is_on:
            return None
        return max(0.0, self._fed + self._timeout - time.monotonic())

    @property
    def is_reset(self) -> bool:
        """Whether to take its power away and give it back."""
        return self._is_told or self.seconds == 0


def _open_pty() -> int:
    """Make the board's wire; the link `tty` in its folder names the other end. Both ends stay open here."""
    wire, other = pty.openpty()
    tty.setraw(other)
    os.set_blocking(wire, False)
    link = Path(TTY)
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(other))
    return wire


def _open_uart(path: str) -> int:
    """A tty at whose other end another board is."""
    wire = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(wire)
    return wire


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], [Path(folder) for folder in sys.argv[3:]]))
