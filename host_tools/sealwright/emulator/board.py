"""Make, start, stop and find the emulated boards of a home."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from .. import assets
from ..device.client import Client, connect
from ..device.transport import open_url
from ..errors import Unreachable, Usage
from ..home import Home
from ..series import parse_spec, write_series
from .launch import LOCK, TTY

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 5.0
LOG: Final = "console.log"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


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
            raise Usage(f"the emulated board {self.name} is damaged: {error}", remedy=remedy) from error
        return found

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
        board = assets.root() / "boards" / self.hardware["board"]
        heap = json.loads((board / "board.json").read_text())["heap"]
        script = Path(__file__).with_name("launch.py")
        with (self.folder / LOG).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", str(script), str(self.folder), str(board), heap],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                with connect(self.url, 2.0) as client:
                    client.info()
                return
            except Unreachable:
                if process.poll() is not None:
                    break
                time.sleep(0.02)
        self.kill()
        raise Unreachable(
            f"the emulated board {self.name} does not start: {self.last_words()}",
            remedy=f"Its console is in {self.folder / LOG}.",
        )

    def _free_ports(self) -> None:
        """Give it other ports where its own are taken by now."""
        hardware = self.hardware
        changed = False
        for link in ("command", "peer"):
            host, port = hardware[link]
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError:
                    hardware[link] = [host, _free_port()]
                    changed = True
        if changed:
            (self.folder / "hardware.json").write_text(json.dumps(hardware))

    def last_words(self) -> str:
        """The last line of its console."""
        try:
            lines = (self.folder / LOG).read_text(errors="replace").strip().splitlines()
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
        os.kill(pid, how)
        while self.pid == pid:
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
            _reap(pid)

    def remove(self) -> None:
        """Stop it and throw it away, flash and all."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # started by another program
        os.waitpid(pid, os.WNOHANG)


def kinds() -> list[str]:
    """The boards that can be emulated here."""
    found = []
    for path in sorted((assets.root() / "boards").glob("*/board.json")):
        if json.loads(path.read_text()).get("emulated"):
            found.append(path.parent.name)
    return found


def create(home: Home, kind: str, name: str, sensors: Sequence[str] = ()) -> EmulatedBoard:
    """Make a new board of `kind` with these sensors (specs, see `series`). Raises Usage; nothing is left then."""
    if kind not in kinds():
        remedy = f"Boards that can be emulated: {', '.join(kinds())}."
        raise Usage(f"there is no emulated board {kind!r}", remedy=remedy, code="unknown_board")
    if not _NAME.fullmatch(name) or name in kinds():
        remedy = "Use a-z, 0-9 and -, up to 31 of them, and not the name of a kind of board."
        raise Usage(f"{name!r} is no name for a board", remedy=remedy)
    folder = home.board(name)
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise Usage(f"there is a board {name} already", remedy="Take another name.", code="board_exists") from error
    except OSError as error:
        raise Usage(f"cannot make {folder}: {error.strerror}", remedy="Check the home's permissions.") from error
    try:
        series = []
        for spec in map(parse_spec, sensors):
            series.append(f"{spec.sensor}.series")
            write_series(spec, folder / series[-1])
        hardware = {
            "board": kind,
            "command": ["127.0.0.1", _free_port()],
            "peer": ["127.0.0.1", _free_port()],
            "series": series,
        }
        (folder / "hardware.json").write_text(json.dumps(hardware))
    except BaseException:  # also an interrupt: half a board would hold its name
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return EmulatedBoard(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def boards(home: Home) -> Iterator[EmulatedBoard]:
    """Every emulated board of the home, by name."""
    for path in sorted((home.folder / "boards").glob("*/hardware.json")):
        yield EmulatedBoard(path.parent)


def running(home: Home) -> list[EmulatedBoard]:
    """Those that run now."""
    return [board for board in boards(home) if board.pid is not None]


def find(home: Home, name: str) -> EmulatedBoard:
    """The board `name`. Raises Usage."""
    for board in boards(home):
        if board.name == name:
            return board
    raise Usage(
        f"there is no emulated board {name!r}",
        remedy="`sealwright devices` lists them; `sealwright emulate` makes one.",
        code="unknown_board",
    )


def resolve(home: Home, url: str) -> Client:
    """Connect to any device URL; `emulated:NAME` is a running board of the home. Raises Usage, Unreachable."""
    scheme, _, name = url.partition(":")
    if scheme != "emulated":
        return connect(url)
    board = find(home, name)
    if board.pid is None:
        raise Unreachable(f"the emulated board {name} is not running", remedy=f"Run `sealwright emulate {name}`.")
    return Client(open_url(board.url), url)
