"""boards/esp32 unchanged on the unix port: its key in NVS, and a console that closes once it has an identity."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sealwright.emulator.esp32.process import RESET
from sealwright.errors import RefusedByDevice
from sealwright.home import Home
from sealwright.operate import provisioning

from .bench_esp32 import Esp32

PROMPT = b">>> "
RAW = b"raw REPL; CTRL-B to exit\r\n>"


@pytest.fixture
def esp32(tmp_path: Path) -> Iterator[Esp32]:
    board = Esp32(tmp_path)
    board.power_on()
    yield board
    board.throw_away()


@pytest.fixture
def provisioned(esp32: Esp32, tmp_path: Path) -> Esp32:
    with esp32.client() as client:
        provisioning.provision(Home.init(tmp_path / "home", "bench"), client, "bench")
    return esp32


def state(board: Esp32) -> str:
    with board.client() as client:
        return client.info().state


def test_a_blank_board_answers_and_lets_mpremote_in(esp32: Esp32) -> None:
    with esp32.client() as client:
        info = client.info()
        assert (info.state, info.model, info.raw["sensors"]) == ("blank", "esp32", ["ESP32"])
        assert all(outcome is True for outcome in client.selftest().values())
    esp32.type(b"\r\x03")
    assert PROMPT in esp32.read_wire(120, PROMPT)
    esp32.type(b"\r\x01")
    assert RAW in esp32.read_wire(120, RAW)
    esp32.type(b"import os; print(sorted(os.listdir('/')))\x04")
    assert b"'a', 'boot.py', 'host', 'loader.py'" in esp32.read_wire(120, b"\x04>")
    esp32.power_off()
    esp32.power_on()
    assert state(esp32) == "blank"


def test_the_key_is_in_nvs_and_nowhere_else(provisioned: Esp32) -> None:
    with provisioned.client() as client:
        device = client.info().device
    provisioned.power_off()
    (key, (_, record)) = json.loads((provisioned.folder / "nvs.json").read_text())["items"].popitem()
    assert key == "seal/key-0"
    assert bytes.fromhex(record)[5:37] not in (provisioned.folder / "flash.img").read_bytes()
    provisioned.power_on()
    with provisioned.client() as client:
        info = client.info()
    assert info.state == "provisioned" and info.device == device


def test_nothing_opens_the_console_of_a_provisioned_board(provisioned: Esp32) -> None:
    """A hundred tries at the wire."""
    tries = [b"\x03", b"\r\x03", b"\r\x03\x03", b"\x00\r\x03", b"\r\x01", b"\x04", b"\x03\x04", b"\r\x03\r\x01\x04"]
    output = b""
    for n in range(100):
        provisioned.type(tries[n % len(tries)])
        output += provisioned.read_wire(0.02)
    provisioned.type(b"\x00")
    output += provisioned.read_wire(1.2)  # longer than the silence before a knock
    provisioned.type(b"\r\x03")
    output += provisioned.read_wire(1)
    assert output == b"" and provisioned.is_on
    assert state(provisioned) == "provisioned"


def test_a_provisioned_board_that_fails_resets_and_prints_nothing(provisioned: Esp32) -> None:
    provisioned.power_off()
    (provisioned.folder / "hardware.json").unlink()  # the bus cannot be opened: make() raises
    provisioned.read_wire(0.1)
    provisioned.power_on()
    assert provisioned.wait() == RESET
    assert provisioned.read_wire(0.2) == b""


def test_a_blank_board_that_fails_shows_the_error_and_its_prompt(esp32: Esp32) -> None:
    esp32.power_off()
    (esp32.folder / "hardware.json").unlink()
    esp32.power_on()
    output = esp32.read_wire(120, PROMPT)
    assert b"Traceback" in output and b"OSError" in output and PROMPT in output


def test_nvs_erased_at_start_locks_the_board(provisioned: Esp32) -> None:
    provisioned.power_off()
    path = provisioned.folder / "nvs.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "used": 6 * 126}))  # no free page
    provisioned.power_on()
    assert state(provisioned) == "damaged"
    with provisioned.client() as client, pytest.raises(RefusedByDevice):
        client.evidence(bytes(32))


def test_the_clock_has_its_own_epoch(provisioned: Esp32) -> None:
    with provisioned.client() as client:
        now, quality = client.info().raw["clock"]
    assert quality == 2 and now > 1_767_225_600
