"""A hundred tries to get a prompt out of a provisioned Pico: Ctrl-C, raw REPL, mpremote, resets.

    python -m tests.pico.prompts HOME NAME

running   keys on the running board            mpremote  MicroPython's own tool
booting   the power goes and comes back; keys without a pause from when the port is there
flooded   the same with keys in every USB packet from enumeration on, see `flood`

What it prints is what boards/pico/README.md tells. Some minutes.
"""

import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sealwright import emulator
from sealwright.emulator import EmulatedBoard
from sealwright.emulator.pico.launcher import FLASH
from sealwright.home import Home

from tests.pico.flood import KEYS, flooded

KNOCKS = (
    b"\r\x03\x03",  # mpremote: interrupt twice,
    b"\r\x01",  # raw REPL
    b"\x03" * 64,
    b"\x00\r\x03",  # as a frame would begin
    b"\x03\x04",  # interrupt, soft reset
    b"\x02\r\nprint(6 * 7)\r\n",  # friendly REPL
)
PROMPTS = (b">>>", b"raw REPL", b"MicroPython v", b"42\r\n")
LISTEN_SECONDS = 1.0
BOOT_SECONDS = 5.0  # long after main.py has shut Ctrl-C out


class Wire:
    """The board's pty, as a terminal program has it."""

    def __init__(self, board: EmulatedBoard) -> None:
        self._file = os.open(board.serial_url.removeprefix("serial:"), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def press(self, keys: bytes, seconds: float) -> bytes:
        """What is said within so many seconds of pressing keys."""
        os.write(self._file, keys)
        said, end = b"", time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._file], [], [], left)[0]:
                said += os.read(self._file, 4096)
        return said

    def close(self) -> None:
        os.close(self._file)


def has_prompt(said: bytes) -> bool:
    return any(prompt in said for prompt in PROMPTS)


def running(board: EmulatedBoard, count: int) -> int:
    """How many of `count` tries on the running board gave a prompt."""
    wire = Wire(board)
    try:
        return sum(has_prompt(wire.press(KNOCKS[number % len(KNOCKS)], LISTEN_SECONDS)) for number in range(count))
    finally:
        wire.close()


def booting(board: EmulatedBoard) -> bool:
    """Whether keys pressed all through a boot gave a prompt."""
    board.kill()
    board.start()
    wire, said, end = Wire(board), b"", time.monotonic() + BOOT_SECONDS
    try:
        while time.monotonic() < end and not has_prompt(said):
            said += wire.press(b"\r\x03", 0.02)
        return has_prompt(said)
    finally:
        wire.close()


def by_mpremote(board: EmulatedBoard) -> bool:
    """Whether MicroPython's own tool could run something there."""
    port = board.serial_url.removeprefix("serial:")
    command = [sys.executable, "-m", "mpremote", "connect", port, "exec", "print(6 * 7)"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
    return done.returncode == 0 or b"42" in done.stdout


def powered(board: EmulatedBoard, number: int) -> bool:
    """Whether the strongest host gets a prompt while the board boots. It is switched off for that."""
    board.kill()
    with tempfile.TemporaryDirectory() as scratch:
        keys = KEYS[number % len(KEYS)]
        said = flooded(board.folder / FLASH, Path(scratch, FLASH), keys, late=number // len(KEYS))
    return has_prompt(said)


def main(home: str, name: str) -> None:
    board = emulator.find(Home.open(home), name)
    tries = {"running": 50, "mpremote": 5, "booting": 20, "flooded": 25}
    had = {"running": running(board, tries["running"])}
    had["mpremote"] = sum(by_mpremote(board) for _ in range(tries["mpremote"]))
    had["booting"] = sum(booting(board) for _ in range(tries["booting"]))
    had["flooded"] = sum(powered(board, number) for number in range(tries["flooded"]))
    for what, count in tries.items():
        print(f"{what}: {had[what]} of {count}")


if __name__ == "__main__":
    main(*sys.argv[1:])
