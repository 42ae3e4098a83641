"""Runs the `sealwright` command: as the process a user starts, or in this one where only speed differs."""

import io
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from sealwright import emulator
from sealwright.cli.main import run
from sealwright.home import Home
from sealwright.money import Asset, Assets, declare

SCRIPT = Path(sysconfig.get_path("scripts")) / "sealwright"
ENTRY = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-c", "from sealwright.cli.main import main; main()"]
FULL = Path("/dev/full")  # Linux has it
LONG = 300  # seconds, on a busy machine: only what fails waits for so long
POLICY = {"assets": {"nEUR": {"per_voucher": 1_000_000, "per_day": 10**9}}}


class Ran(NamedTuple):
    code: int
    out: str
    err: str
    again: Callable | None = None  # the same with --json

    @property
    def json(self):
        """Every line of stdout, each one a JSON object, without a number that JavaScript would round."""
        return [json.loads(line, parse_int=exact) for line in self.out.splitlines()]

    @property
    def last(self):
        return self.json[-1]


def exact(digits):
    """An integer of a JSON text."""
    assert abs(int(digits)) <= 2**53, digits
    return int(digits)


class Cli:
    """The command, in one home: called in this process, or with `process` and `start` as one of its own."""

    def __init__(self, home):
        self.home = home
        self.started = []

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SEALWRIGHT")}
        return {**kept, "SEALWRIGHT_HOME": str(self.home), "HOME": str(self.home.parent), "COLUMNS": "80"}

    def process(self, *arguments, stdin=None, limit=None, stdout=subprocess.PIPE, timeout=LONG):
        """A run of the installed entry point. limit: no file may grow beyond so many bytes."""

        def small_files():
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        command = subprocess.run(
            [*ENTRY, *map(str, arguments)],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=self.environment(),
            preexec_fn=None if limit is None else small_files,
            timeout=timeout,
            check=False,
        )
        return checked(command.returncode, command.stdout or b"", command.stderr)

    def start(self, *arguments):
        """The entry point in the background; `kill_all` ends what the test did not."""
        process = subprocess.Popen(
            [*ENTRY, *map(str, arguments)],
            preexec_fn=hearing,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(),
        )
        self.started.append(process)
        return process

    def __call__(self, *arguments):
        """The same in this process."""
        ran = self.here(*arguments, "--home", self.home)
        return ran._replace(again=lambda: self(*arguments, "--json"))

    @staticmethod
    def here(*arguments):
        """A command line as it stands, in this process."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with redirect_stdout(out), redirect_stderr(err):
            code = run([*map(str, arguments)])
            out.flush()
            err.flush()
        return checked(code, out.buffer.getvalue(), err.buffer.getvalue())

    def ok(self, *arguments):
        ran = self(*arguments)
        assert ran.code == 0, ran
        return ran

    def board(self, name, *sensors, start=True):
        """A new emulated board, running."""
        board = emulator.create(Home.open(self.home), "unix", name, sensors)
        if start:
            board.start()
        return board

    def provisioned(self, name, *sensors, policy=POLICY):
        """A new emulated board with an identity, and a policy unless that is None."""
        board = self.board(name, *sensors)
        options = ()
        if policy is not None:
            for asset in policy["assets"]:
                if asset not in Assets.read(self.home):
                    declare(self.home, Asset.declare(asset))
            file = self.home.parent / f"{name}.policy"
            file.write_text(json.dumps(policy))
            options = ("--policy", file)
        self.ok("provision", "--device", f"emulated:{name}", "--name", name, *options)
        return board

    def kill_all(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for board in emulator.boards(Home(self.home, "")):
            board.kill()


def hearing():
    """For a new process: tests in the background, or under nohup, ignore these signals, and so would their children."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def checked(code, out, err):
    """A run that showed nobody a traceback."""
    ran = Ran(code, out.decode("utf-8", "replace"), err.decode())
    assert "Traceback" not in ran.out + ran.err and "a mistake in Sealwright" not in ran.err, ran
    return ran


def ended(process, how=None, seconds=LONG):
    """Send `how` if given, and wait for the end of a started process."""
    if how is not None:
        process.send_signal(how)
    out, err = process.communicate(timeout=seconds)
    return checked(process.returncode, out or b"", err)


def interrupted(process):
    return ended(process, signal.SIGINT)


def wait_until(holds, seconds=LONG):
    """Wait until `holds()` is true, and return what it gave."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


def gone_wrong(ran, code, name, *words):
    """The error is printed for people (cause with these words, remedy, exit code, nothing on stdout) and, with --json,
    for programs, under this name."""
    assert (ran.code, ran.out) == (code, ""), ran
    error, remedy = ran.err.strip().splitlines()
    assert error.startswith("error: ") and all(word in error for word in words), ran
    assert remedy.startswith("remedy: ") and len(remedy) > 15, ran
    if ran.again is not None:
        result = ran.again()
        error, remedy = error.removeprefix("error: "), remedy.removeprefix("remedy: ")
        assert result.code == code and result.last == {"ok": False, "code": name, "error": error, "remedy": remedy}, (
            result
        )
        assert all(one["ok"] for one in result.json[:-1]), result  # progress until then
