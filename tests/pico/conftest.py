"""Emulated Picos for tests: each test has a home of its own and kills its boards. They need the real image."""

import subprocess
import sys

import pytest
from sealwright import emulator
from sealwright.home import Home

from tests.pico.rig import IMAGE, image

NO_IMAGE = f"an emulated Pico needs a MicroPython image: name the official one in {IMAGE}"


@pytest.fixture
def home(tmp_path):
    """A home; whatever runs in it is killed."""
    made = Home.init(tmp_path / "home", "pico")
    yield made
    for board in emulator.boards(made):
        board.kill()


@pytest.fixture
def pico(home):
    """callable(*sensors) -> a new board, running."""
    if image() is None:
        pytest.skip(NO_IMAGE)

    def make(*sensors):
        board = emulator.create(home, "pico", "one", sensors)
        board.start()
        return board

    return make


def mpremote(port, *arguments, seconds=600):
    """What MicroPython's own tool prints, connected to `port`. Fails where it does."""
    command = [sys.executable, "-m", "mpremote", "connect", port, *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done
    return done.stdout.strip()


def pty(board):
    """The board's wire as a serial port."""
    return board.serial_url.removeprefix("serial:")
