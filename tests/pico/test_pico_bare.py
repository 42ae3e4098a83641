"""A Pico without our firmware, one that something else talks to, and one whose flash file is not whole."""

import fcntl
import os

from sealwright.emulator.pico.launcher import FLASH

from tests.cli.runner import Cli, gone_wrong
from tests.pico.conftest import pty


def test_what_is_amiss_is_named(pico, tmp_path):
    board = pico()
    cli = Cli(tmp_path / "home")
    info = ("info", "--device", "emulated:one")
    gone_wrong(cli(*info), 3, "unreachable", "MicroPython's prompt answers")
    held = os.open(pty(board), os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(held, fcntl.LOCK_EX)
    gone_wrong(cli(*info), 3, "port_busy", pty(board))
    os.close(held)
    board.kill()
    (board.folder / FLASH).write_bytes(b"short")
    ran = cli("emulate", "one", "--detach")
    assert ran.code == 3 and "has 5 bytes, and a Pico's flash 2,097,152" in ran.err, ran
