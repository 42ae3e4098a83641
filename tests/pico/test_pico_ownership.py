"""An emulated Pico changes hands, and takes an operator's commands, in the heap that it has."""

import time

import pytest
from sealwright import emulator
from sealwright import targets as boards
from sealwright.errors import RefusedByDevice
from sealwright.home import Home
from sealwright.operate import owner, ownership, provisioning
from sealwright.wire.messages import Delegation, parse_as

from tests.cli.runner import wait_until
from tests.pico.conftest import NO_IMAGE
from tests.pico.preload import preload_firmware
from tests.pico.rig import image

LEAST = 20_000  # bytes of free heap: what its biggest request takes


def test_a_pico_changes_hands(home: Home, tmp_path) -> None:
    if image() is None:
        pytest.skip(NO_IMAGE)
    new, operator = Home.init(tmp_path / "new", "new"), Home.init(tmp_path / "operator", "operator")
    board = emulator.create(home, "pico", "one", ["bme280"])
    preload_firmware(board, boards.compile_for(boards.find("pico")))
    board.start()
    with emulator.resolve(home, "emulated:one") as client:
        provisioning.provision(home, client, "one")
        owner.command(home, client, "interval", 1)
        messages = ownership.transfer(home, client, new.key("owner").public)
        ownership.accept(new, client, messages, "one")
        with pytest.raises(RefusedByDevice) as refusal:
            owner.command(home, client, "interval", 2)
        assert refusal.value.code == "former_owner"
        given = ownership.delegate(new, client, operator.key("owner").public, ["pause"], int(time.time()) + 10**6)
        ownership.hold(operator, client, parse_as(given.raw, Delegation), "one")
        owner.pause(operator, client)
        said = client.info().raw
        assert said["paused"] and said["transfers"] == 1 and said["heap_free"] > LEAST, said
        print("free heap after a transfer and a delegated command:", said["heap_free"])
    board.kill()
    board.start()
    with emulator.resolve(home, "emulated:one") as client:
        before = client.info().raw
        assert before["owner"] == new.key("owner").public.device_id
        owner.resume(new, client)
        wait_until(lambda: client.info().raw["reading_seq"] > before["reading_seq"], 300)
        print("free heap after a reset and a command:", client.info().raw["heap_free"])
