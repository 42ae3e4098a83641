"""An emulated Pico whose keys are in an emulated ATECC608: the real image's I2C wakes it, and it signs.

A command takes the chip what the data sheet says at most, in the guest's time.
"""

import pytest
from sealwright import emulator
from sealwright import targets as boards
from sealwright.home import Home
from sealwright.link.element import OPEN, lock_element, read_element
from sealwright.operate import owner, provisioning

from tests.cli.runner import wait_until
from tests.pico.conftest import NO_IMAGE
from tests.pico.preload import preload_firmware
from tests.pico.rig import image


def test_keys_in_a_chip(home: Home) -> None:
    if image() is None:
        pytest.skip(NO_IMAGE)
    board = emulator.create(home, "pico", "one", ["bme280"], element="atecc608")
    preload_firmware(board, boards.compile_for(boards.find("pico")))
    board.start()
    with emulator.resolve(home, "emulated:one") as client:
        element = read_element(client)
        assert element is not None and element.state == OPEN
        lock_element(client, element)
        provisioning.provision(home, client, "one")
        owner.command(home, client, "interval", 1)
        wait_until(lambda: client.info().raw["reading_seq"] >= 3, 300)
    board.kill()
    board.start()
    with emulator.resolve(home, "emulated:one") as client:
        before = client.info()
        assert before.state == "provisioned" and read_element(client).serial == element.serial
        wait_until(lambda: client.info().raw["reading_seq"] > before.raw["reading_seq"], 300)
