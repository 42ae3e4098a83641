"""A board is one folder: the made-up one of CONTRIBUTING.md passes every check, and fails each when it is wrong."""

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
    done = contract.type_check(feather)
    assert done.returncode == 0, done.stdout


WRONG = {
    "a call the port does not have": (
        "board.py",
        "esp32.mcu_temperature() * 10  # type: ignore[attr-defined]",
        "esp32.celsius()",
    ),
    "an argument it does not take": ("board.py", '"ESP32-C3", deci_celsius', '"ESP32-C3"'),
    "another port's module": ("board.py", "import esp32\n", "import esp32\nimport rp2\n"),
    "a name that is not in wiring": ("board.py", "wiring)", "wiring.PINS)"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_stubs_refuse(feather: Path, wrong: str) -> None:
    name, right, change = WRONG[wrong]
    text = (feather / name).read_text()
    assert right in text
    (feather / name).write_text(text.replace(right, change))
    done = contract.type_check(feather)
    assert done.returncode != 0 and "board.py" in done.stdout, done.stdout


BROKEN = {
    "another architecture": ("board.json", "rv32imc", "xtensawin", contract.check_description),
    "another chip": ("board.json", '"flash": "esp32c3"', '"flash": "esp32s3"', contract.check_description),
    "a name that is not its folder's": (
        "board.json",
        '"name": "feather"',
        '"name": "fether"',
        contract.check_description,
    ),
    "a pin moved in one place": ("wiring.py", "SDA = 5", "SDA = 4", contract.check_pins),
    "a picture that was forgotten": ("README.md", "GPIO6 SCL", "GPIO7 SCL", contract.check_pins),
    "a README without custody": ("README.md", "## Custody\n", "", contract.check_files),
    "a file that is not there": ("manifest.py", 'module("wiring.py")', 'module("wires.py")', contract.check_manifest),
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
