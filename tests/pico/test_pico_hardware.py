"""The tests for a board in one's hands, run against an emulated Pico: before it is provisioned and after."""

import pytest
from sealwright import emulator
from sealwright import targets as boards
from sealwright.home import Home
from sealwright.operate import owner, provisioning

from tests.boards.test_hardware_tests import hardware_tests
from tests.pico.conftest import NO_IMAGE
from tests.pico.preload import preload_firmware
from tests.pico.rig import image


def test_on_a_pico(home: Home) -> None:
    if image() is None:
        pytest.skip(NO_IMAGE)
    board = emulator.create(home, "pico", "one", ["bme280"])
    preload_firmware(board, boards.compile_for(boards.find("pico")))
    board.start()
    assert hardware_tests("--device", board.serial_url) == {"passed": 4, "skipped": 3}
    with emulator.resolve(home, "emulated:one") as client:
        provisioning.provision(home, client, "one")
        owner.command(home, client, "interval", 1)
    assert hardware_tests("--device", board.serial_url) == {"passed": 5, "skipped": 2}
