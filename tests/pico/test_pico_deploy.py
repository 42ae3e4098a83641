"""`deploy` to an emulated Pico where something is wrong: result, and the board as it was."""

import fcntl
import os

import pytest
from sealwright import emulator
from sealwright.home import Home

from tests.cli.runner import Cli, gone_wrong
from tests.pico.conftest import NO_IMAGE, mpremote, pty
from tests.pico.rig import image

FILL = """
import os
block, free = os.statvfs("/")[0], os.statvfs("/")[3]
with open("mine", "wb") as file:
    for _ in range((free - 20) * block // 1024):
        file.write(bytes(1024))
"""
LISTED = "import os; print(sorted(os.listdir()))"


@pytest.fixture
def cli(tmp_path):
    if image() is None:
        pytest.skip(NO_IMAGE)
    made = Cli(tmp_path / "home")
    made.ok("init", "--network", "pico")
    made.ok("emulate", "pico", "--image", image(), "--name", "one", "--detach")
    yield made
    made.kill_all()


def test_what_is_wrong_is_told_and_changes_nothing(cli):
    port = pty(emulator.find(Home.open(cli.home), "one"))
    device = ("--device", "emulated:one")
    gone_wrong(cli("deploy", "--board", "esp32", *device), 4, "wrong_chip", "RP2040")
    gone_wrong(cli("emulate", "pico", "--image", image(), "--name", "one", "--detach"), 2, "board_exists", "one")
    held = os.open(port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(held, fcntl.LOCK_EX)  # what every program that asks pyserial for the port alone does
    gone_wrong(cli("deploy", "--board", "pico", *device), 3, "port_busy", port)
    os.close(held)
    mpremote(port, "exec", FILL)
    gone_wrong(cli("deploy", "--board", "pico", *device), 4, "storage_full", "bytes free")
    assert mpremote(port, "exec", LISTED) == "['mine']"
