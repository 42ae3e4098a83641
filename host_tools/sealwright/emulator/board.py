"""An emulated board: its folder, and its process while it runs."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import Unreachable, Usage, cause_of
from ..extras import unix
from ..files import write_whole
from ..home.urls import board_urls
from .kinds import Emulator, emulator_of, folder_of
from .launch import LIFELINE, LOCK, LOG, TTY

fcntl = unix("fcntl")

PORTS: Final = range(10_240, 32_768)  # below what Linux, macOS and Windows give to connections and to port 0
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 5.0


class EmulatedBoard:
    """A board's folder, and its process while it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name

    @property
    def hardware(self) -> dict[str, Any]:
        """What is soldered on. Raises Usage where it cannot be read."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "hardware.json").read_text())
        except (OSError, ValueError) as error:
            remedy = "Remove its folder and make it again."
            raise Usage(f"the emulated board {self.name} is damaged: {cause_of(error)}", remedy=remedy) from error
        return found

    @property
    def emulator(self) -> Emulator:
        """What runs it. Raises Usage."""
        return emulator_of(self.hardware["board"])

    @property
    def url(self) -> str:
        """Its command link over TCP."""
        host, port = self.hardware["command"]
        return f"tcp:{host}:{port}"

    @property
    def serial_url(self) -> str:
        """Its command link over the pty."""
        return f"serial:{self.folder / TTY}"

    @property
    def urls(self) -> tuple[str, str, str]:
        """Every URL it can be reached at."""
        return board_urls(self.folder)

    @property
    def pid(self) -> int | None:
        """Its process, or None while it is not running: who holds the lock runs."""
        try:
            with (self.folder / LOCK).open() as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(lock.read() or 0) or None
        except (OSError, ValueError):
            return None
        return None

    def start(self) -> None:
        """Start its process and wait until it answers; nothing happens when it runs. Raises Unreachable with the end
        of its console where it does not come up."""
        start_all([self])

    def free_ports(self, given: set[int]) -> None:
        """Give it other ports where its own are taken by now, or are of a board that starts with it: `given`, to which
        its own are added."""
        hardware = self.hardware
        changed = False
        for link in self.emulator.links:
            if hardware[link] is None:  # not on this one
                continue
            host, port = hardware[link]
            while port in given or not _is_free(host, port):
                port = free_port()
                changed = True
            hardware[link] = [host, port]
            given.add(port)
        if changed:
            write_whole(self.folder / "hardware.json", json.dumps(hardware).encode())  # the register reads it

    @property
    def log_size(self) -> int:
        """Bytes on its console so far."""
        path = self.folder / LOG
        return path.stat().st_size if path.exists() else 0

    def last_words(self, begun: int = 0) -> str:
        """The last line of its console, of what is there after the first `begun` bytes."""
        try:
            lines = (self.folder / LOG).read_bytes()[begun:].decode(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else "its console is empty"

    def stop(self) -> None:
        """End its process; the flash stays."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Take its power away."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        pid = self.pid
        if pid is None:
            return
        end = time.monotonic() + STOP_SECONDS
        os.killpg(pid, how)  # the launcher leads the group, MicroPython is in it
        while self.pid == pid:
            if time.monotonic() > end:
                os.killpg(pid, signal.SIGKILL)
            time.sleep(0.005)
            _reap(pid)

    def remove(self) -> None:
        """Stop it and throw it away, flash and all."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_all(
    boards: Sequence[EmulatedBoard],
    started: Callable[[EmulatedBoard, int], None] | None = None,
    lifeline: int | None = None,
) -> None:
    """Start the processes of boards and wait until each answers; nothing happens to one that runs. Boards of a kind
    start side by side, as many as its emulator can. started: called for each once it answers, with how many do.
    lifeline: a pipe's end to read; the boards end once nobody holds the other one, see `with_this_process`.

    Raises Unreachable with the end of a board's console where it does not come up; the others of its group then run.
    """
    waiting = [board for board in boards if board.pid is None]
    done = 0
    while waiting:
        kind = waiting[0].hardware["board"]
        group = [board for board in waiting if board.hardware["board"] == kind][: emulator_of(kind).group]
        waiting = [board for board in waiting if board not in group]
        for board in _start_group(kind, group, lifeline):
            done += 1
            if started is not None:
                started(board, done)


@contextlib.contextmanager
def with_this_process() -> Iterator[int]:
    """A lifeline for boards that are to end with this process, however it ends, also by kill -9."""
    watched, held = os.pipe()  # Python hands neither on to a child that is not given it
    try:
        yield watched
    finally:
        os.close(watched)
        os.close(held)


def _start_group(kind: str, group: Sequence[EmulatedBoard], lifeline: int | None) -> Iterator[EmulatedBoard]:
    """Those of a group, each once it answers. Raises Unreachable after them."""
    given: set[int] = set()
    for board in group:
        board.free_ports(given)
    begun = {board.name: board.log_size for board in group}
    command = emulator_of(kind).command([board.folder for board in group], folder_of(kind))
    with (group[0].folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=None if lifeline is None else {**os.environ, LIFELINE: str(lifeline)},
            pass_fds=() if lifeline is None else (lifeline,),
        )
    failed = []
    for board in group:
        if _answers(board, process):
            yield board
        else:
            board.kill()
            failed.append(board)
    for board in failed[:1]:
        raise Unreachable(
            f"the emulated board {board.name} does not start: {board.last_words(begun[board.name])}",
            remedy=f"Its console is in {board.folder / LOG}.",
        )


def _answers(board: EmulatedBoard, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until a board answers; False where it does not. process: what started it, and is it where it is alone."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            board.emulator.greet(board.url)
            return True
        except Unreachable:
            if process.poll() is not None and board.pid is None:
                return False
            time.sleep(0.02)
    return False


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # started by another program
        os.waitpid(pid, os.WNOHANG)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A TCP port that nothing listens on, and that no system gives away by itself: while a board is off, its port stays
    free for it."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
