"""The supervisor: each part as a process of its own, begun again where it ends.

A part watches a pipe that it inherited. The supervisor holds the other end, so however it ends, also by kill -9, the
parts see that and end well. One that dies is begun again, at once and then after a pause that doubles. The others go
on: what intake takes is on disk, bounded, until the part that is missing is back. Until then the hub's own state is
held and says what is wrong, and `failed` has it at the end.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from .folder import HubFolder
from .joining import cluster_file
from .parts import PARTS, Part
from .state import State, read_state

PIPE: Final = "SEALWRIGHT_HUB_PIPE"  # the number of the pipe's end that a part inherited
HELD_SECONDS: Final = 20.0  # that a part waits for the lock of the one before it
_LOOK_SECONDS: Final = 0.2
_LEAST_PAUSE: Final = 0.5
_MOST_PAUSE: Final = 60.0
_STEADY_SECONDS: Final = 60.0  # after which a part that dies is begun again at once
_END_SECONDS: Final = 20.0  # that parts have to end
_MOST_LOG: Final = 1 << 20  # bytes of a part's log

# gets a part's name, what happened ("started", "ended", "skipped", "recovered") and a text
Tell = Callable[[str, str, str], None]


class Failure(NamedTuple):
    """Why a part does not run. code: its exit code, 1 or more."""

    code: int
    why: str


class _Running:
    """A part, and its process while there is one. failure: since it ended by an error, until it runs."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None
        self.began = self.again = 0.0
        self.pause = 0.0
        self.failure: Failure | None = None


class Supervisor:
    """Runs parts. command: the command line of a part, by its name. tell: gets what happens."""

    def __init__(self, folder: HubFolder, command: Callable[[str], Sequence[str]], tell: Tell) -> None:
        self._folder, self._command, self._tell = folder, command, tell
        self._state = State(folder.state("hub"), "hub")
        self._running: list[_Running] = []
        self._watched, self._alive = os.pipe()
        for part in PARTS:
            if part.of_cluster and not cluster_file(folder.home).exists():
                continue
            lacking = part.lacking()
            if lacking:
                tell(part.name, "skipped", lacking)
            else:
                self._running.append(_Running(part))

    @property
    def failed(self) -> dict[str, Failure]:
        """The parts that do not run, and why."""
        return {one.part.name: one.failure for one in self._running if one.failure is not None}

    @property
    def names(self) -> list[str]:
        """The parts that run here."""
        return [one.part.name for one in self._running]

    def look(self) -> None:
        """Begin what does not run, and note what has ended."""
        now = time.monotonic()
        for one in self._running:
            if one.process is not None and one.process.poll() is not None:
                self._note_end(one, one.process.returncode, now)
            if one.process is None and now >= one.again:
                self._begin(one, now)
            if one.failure is not None and one.process is not None and self._has_told(one.part.name, one.process.pid):
                one.failure = None
                self._tell(one.part.name, "recovered", "")
        self._state.hold("; ".join(f"{name} does not run: {failure.why}" for name, failure in self.failed.items()))
        self._state.counts["running"] = sum(one.process is not None for one in self._running)
        self._state.tell()

    def run(self, stop: threading.Event, each: Callable[[], None]) -> None:
        """Run until `stop` is set, then end all parts. each: called several times a second."""
        try:
            while not stop.is_set():
                self.look()
                each()
                stop.wait(_LOOK_SECONDS)
        finally:
            self.end()

    def end(self) -> None:
        """Ask all parts to end, and kill those that do not."""
        with suppress(OSError):
            os.close(self._alive)
        end = time.monotonic() + _END_SECONDS
        for one in self._running:
            if one.process is None:
                continue
            try:
                one.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
            one.failure = self._failure(one.part.name, one.process.returncode)
            self._tell(one.part.name, "ended", "")
        self._state.counts["running"] = 0
        self._state.tell(now=True)

    def _begin(self, one: _Running, now: float) -> None:
        log = self._folder.log(one.part.name)
        _shorten(log)
        with log.open("ab") as errors:
            one.process = subprocess.Popen(
                self._command(one.part.name),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                env={**os.environ, PIPE: str(self._watched)},
                pass_fds=(self._watched,),
                start_new_session=True,  # a Ctrl-C in the terminal is for the supervisor
            )
        one.began = now
        self._tell(one.part.name, "started", str(one.process.pid))

    def _note_end(self, one: _Running, code: int, now: float) -> None:
        one.process, name = None, one.part.name
        steady = now - one.began >= _STEADY_SECONDS
        one.pause = _LEAST_PAUSE if steady or not one.pause else min(2 * one.pause, _MOST_PAUSE)
        one.again = now + one.pause
        one.failure = self._failure(name, code)
        self._state.counts[f"restarts of {name}"] += 1
        why = one.failure.why if one.failure is not None else f"signal {-code}" if code else "it ended by itself"
        self._tell(name, "ended", why)

    def _failure(self, name: str, code: int) -> Failure | None:
        """What the exit code of a part means; none where it ended well, or somebody killed it."""
        if code <= 0:
            return None
        return Failure(code, last_words(self._folder.log(name)) or f"exit code {code}")

    def _has_told(self, name: str, process: int) -> bool:
        """Whether this process of a part has begun its work: it says how it is once it has what it needs."""
        return read_state(self._folder.state(name)).get("pid") == process


def watch_pipe(stop: threading.Event) -> None:
    """In a part: set `stop` once the supervisor is gone. Nothing happens where there is none."""
    number = os.environ.pop(PIPE, "")
    if not number.isdigit():
        return

    def wait() -> None:
        with suppress(OSError):
            os.read(int(number), 1)
        stop.set()
        time.sleep(_END_SECONDS)
        os._exit(1)  # it hangs, and nobody is left to kill it

    threading.Thread(target=wait, daemon=True).start()


def last_words(log: Path) -> str:
    """The error in a part's log with its remedy, as far as its last lines say one."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    at = max((n for n, line in enumerate(lines) if line.startswith("error: ")), default=len(lines))
    said = [line for line in lines[at : at + 2] if line.startswith(("error: ", "remedy: "))]
    return ". ".join(line.partition(": ")[2].removesuffix(".") for line in said)


def command_of(home: Path, name: str, options: Sequence[str]) -> list[str]:
    """The command line of a part of the home's hub."""
    return [sys.executable, "-P", "-m", "sealwright", "hub", "--home", str(home), "--only", name, *options]


def _shorten(log: Path) -> None:
    with suppress(OSError):
        if log.stat().st_size > _MOST_LOG:
            log.replace(log.with_name(f"{log.name}.before"))
