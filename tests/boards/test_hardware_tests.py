"""The tests for real boards, on emulated boards over their ptys, as far as these support them."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sealwright import emulator
from sealwright.emulator import EmulatedBoard
from sealwright.home import Home
from sealwright.operate import owner, provisioning

from .bench_esp32 import Esp32
from .contract import ROOT


def hardware_tests(*options: str) -> dict[str, int]:
    """{outcome: how many} of `pytest tests/hardware` with these options."""
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:xdist", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, "tests/hardware", *options], cwd=ROOT, capture_output=True, text=True, timeout=1800, check=False
    )
    assert result.returncode == 0, result.stdout
    summary = result.stdout.splitlines()[-1].partition(" in ")[0].split(", ")
    return {outcome: int(count) for count, outcome in (part.split() for part in summary)}


@pytest.fixture
def roof(tmp_path: Path) -> Iterator[EmulatedBoard]:
    """An emulated unix board, provisioned."""
    home = Home.init(tmp_path / "home", "bench")
    board = emulator.create(home, "unix", "roof", ["mcu"])
    board.start()
    with emulator.resolve(home, "emulated:roof") as client:
        provisioning.provision(home, client, "roof")
        owner.command(home, client, "interval", 1)
    yield board
    board.kill()


def test_without_a_board_they_are_skipped() -> None:
    assert hardware_tests() == {"skipped": 7}


def test_on_a_provisioned_unix_board(roof: EmulatedBoard) -> None:
    assert hardware_tests("--device", roof.serial_url) == {"passed": 5, "skipped": 2}


def test_on_a_blank_esp32(tmp_path: Path) -> None:
    board = Esp32(tmp_path)
    board.power_on()
    try:
        # without the vectors, which end with a reset: nothing restarts this board
        outcomes = hardware_tests(
            "--device", board.url, "--deselect", "tests/hardware/test_board.py::test_vectors_at_the_prompt"
        )
    finally:
        board.throw_away()
    assert outcomes == {"passed": 3, "skipped": 3, "deselected": 1}
