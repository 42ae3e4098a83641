"""A board is one folder: the made-up one of CONTRIBUTING.md passes every check, and each fault fails one."""

import re
from pathlib import Path

import pytest

from . import contract


@pytest.fixture
def feather(tmp_path: Path) -> Path:
    """The folder of the board on the page, beside the real firmware."""
    page = (contract.ROOT / "CONTRIBUTING.md").read_text()
    section = page[page.index("## A new board") :]
    board = tmp_path / "boards" / "feather"
    board.mkdir(parents=True)
    (tmp_path / "firmware").symlink_to(contract.ROOT / "firmware")
    for name, text in re.findall(r"^`([\w.]+)`:.*?```\w+\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
        (board / name).write_text(text)
    return board


def test_it_passes_the_contract(feather: Path, tmp_path: Path) -> None:
    contract.check_files(feather)
    contract.check_description(feather)
    contract.check_pins(feather)
    contract.check_manifest(feather)
    contract.check_made(feather, tmp_path)


def test_it_passes_the_stubs(feather: Path) -> None:
    result = contract.type_check(feather)
    assert result.returncode == 0, result.stdout


def test_a_battery_in_its_wiring_is_one_more_sensor(feather: Path, tmp_path: Path) -> None:
    text = (feather / "wiring.py").read_text()
    (feather / "wiring.py").write_text(text.replace("BATTERY = None", "BATTERY = (3, 2, 1)"))
    contract.check_pins(feather)
    contract.check_made(feather, tmp_path)
    result = contract.type_check(feather)
    assert result.returncode == 0, result.stdout


OWN_ENTROPY = """

class Noise:
    def __init__(self) -> None:
        self.sources = [os.urandom]
        self.extras: "list[Callable[[int], bytes]]" = []


class Feather:
    def __init__(self, chip: Esp32Board) -> None:
        self.model, self.clock, self.keystore, self.store = chip.model, chip.clock, chip.keystore, chip.store
        self.sensors, self.meter, self.button = chip.sensors, chip.meter, chip.button
        self.sleeper = chip.sleeper
        self.command_links, self.peer_links = chip.command_links, chip.peer_links
        self.radio = chip.radio
        self.console, self.uplink = chip.console, chip.uplink
        self.entropy = Noise()


def make() -> "Board":
    return Feather(Esp32Board("feather", "ESP32-C3", deci_celsius, wiring))
"""
WRONG_ENTROPY = {
    "a tuple": ("= [os.urandom]", "= (os.urandom,)"),
    "a source of texts": ("[os.urandom]", "[chr]"),
    "no extras": ("self.extras:", "self.extra:"),
}


@pytest.fixture
def noisy_feather(feather: Path) -> Path:
    """The board with an entropy of its own; only `make()` declares it a Board."""
    text = (feather / "board.py").read_text()
    text = text.replace("import esp32\n", "import os\n\nimport esp32\n", 1)
    text = text.replace("    from seal.ports", "    from typing import Callable\n\n    from seal.ports")
    (feather / "board.py").write_text(text[: text.index("\n\ndef make()")] + OWN_ENTROPY)
    return feather


def test_its_own_entropy_is_an_entropy(noisy_feather: Path) -> None:
    result = contract.type_check(noisy_feather)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("wrong", WRONG_ENTROPY)
def test_the_port_refuses_an_entropy_with(noisy_feather: Path, wrong: str) -> None:
    right, change = WRONG_ENTROPY[wrong]
    text = (noisy_feather / "board.py").read_text()
    assert right in text
    (noisy_feather / "board.py").write_text(text.replace(right, change))
    result = contract.type_check(noisy_feather)
    assert result.returncode != 0 and 'expected "Entropy", got "Noise"' in result.stdout, result.stdout


WRONG = {
    "a call the port does not have": (
        "board.py",
        "esp32.mcu_temperature() * 10  # type: ignore[attr-defined]",
        "esp32.celsius()",
    ),
    "an argument it does not take": ("board.py", '"ESP32-C3", deci_celsius', '"ESP32-C3"'),
    "another port's module": ("board.py", "import esp32\n", "import esp32\nimport rp2\n"),
    "a signature without types": ("board.py", 'def make() -> "Board":', "def make():"),
    "a make() that gives something else": (
        "board.py",
        'def make() -> "Board":',
        'def make() -> "Esp32Board | None":',
    ),
    "a name that is not in wiring": ("board.py", "wiring)", "wiring.PINS)"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_stubs_refuse(feather: Path, wrong: str) -> None:
    name, right, change = WRONG[wrong]
    text = (feather / name).read_text()
    assert right in text
    (feather / name).write_text(text.replace(right, change))
    result = contract.type_check(feather)
    assert result.returncode != 0 and re.search(r"board(_port)?\.py:\d+: error", result.stdout), result.stdout


BROKEN = {
    "another architecture": ("board.json", "rv32imc", "xtensawin", contract.check_description),
    "another chip": ("board.json", '"flash": "esp32c3"', '"flash": "esp32s3"', contract.check_description),
    "a name other than its folder's": (
        "board.json",
        '"name": "feather"',
        '"name": "fether"',
        contract.check_description,
    ),
    "a pin moved in one place": ("wiring.py", "SDA = 5", "SDA = 4", contract.check_pins),
    "a picture that is not updated": ("README.md", "GPIO6 SCL", "GPIO7 SCL", contract.check_pins),
    "a README without custody": ("README.md", "## Custody\n", "", contract.check_files),
    "a file that does not exist": ("manifest.py", 'module("wiring.py")', 'module("wires.py")', contract.check_manifest),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_the_contract_refuses(feather: Path, broken: str) -> None:
    name, right, change, check = BROKEN[broken]
    text = (feather / name).read_text()
    assert right in text
    (feather / name).write_text(text.replace(right, change))
    with pytest.raises(AssertionError):
        check(feather)


@pytest.mark.parametrize(
    ("right", "change"),
    [("Esp32Board(", "Esp32Board.__new__(type("), ('"feather"', '"fether"')],
    ids=["no board", "model"],
)
def test_the_contract_refuses_another_board(feather: Path, tmp_path: Path, right: str, change: str) -> None:
    text = (feather / "board.py").read_text()
    (feather / "board.py").write_text(text.replace(right, change))
    with pytest.raises(AssertionError):
        contract.check_made(feather, tmp_path)
