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
from pathlib import Path
from typing import Any, Final

from ..errors import Unreachable, Usage, cause_of
from ..extras import unix
from ..files import write_whole
from ..home.urls import board_urls
from .kinds import Emulator, emulator_of, folder_of
from .launch import LOCK, TTY

fcntl = unix("fcntl")

PORTS: Final = range(10_240, 32_768)  # below what Linux, macOS and Windows give to connections and to port 0
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 5.0
LOG: Final = "console.log"


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
        if self.pid is not None:
            return
        self._free_ports()
        emulator = self.emulator
        command = emulator.command(self.folder, folder_of(self.hardware["board"]))
        with (self.folder / LOG).open("ab") as log:
            begun = log.tell()
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                emulator.greet(self.url)
                return
            except Unreachable:
                if process.poll() is not None:
                    break
                time.sleep(0.02)
        self.kill()
        raise Unreachable(
            f"the emulated board {self.name} does not start: {self.last_words(begun)}",
            remedy=f"Its console is in {self.folder / LOG}.",
        )

    def _free_ports(self) -> None:
        """Give it other ports where its own are taken by now."""
        hardware = self.hardware
        changed = False
        for link in self.emulator.links:
            if hardware[link] is None:  # not on this one
                continue
            host, port = hardware[link]
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError:
                    hardware[link] = [host, free_port()]
                    changed = True
        if changed:
            write_whole(self.folder / "hardware.json", json.dumps(hardware).encode())  # the register reads it

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


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # started by another program
        os.waitpid(pid, os.WNOHANG)


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
