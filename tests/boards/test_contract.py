"""One contract for all boards. tests/pico checks the Board of RP2 boards in an emulated Pico."""

import ast
import json
from pathlib import Path

import pytest

from . import contract

BOARDS = contract.board_json.folders()
each = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)


def test_every_board_of_the_design_exists() -> None:
    assert {"esp32", "esp32_s3", "esp32_c3", "pico", "pico_w", "pico2_w", "unix"} <= {board.name for board in BOARDS}


@each
def test_files(board: Path) -> None:
    contract.check_files(board)


@each
def test_description(board: Path) -> None:
    contract.check_description(board)


@each
def test_pins(board: Path) -> None:
    contract.check_pins(board)


@each
def test_manifest(board: Path) -> None:
    contract.check_manifest(board)


@pytest.mark.parametrize(
    "board", [path for path in BOARDS if contract.board_json.read(path)["port"] != "rp2"], ids=lambda board: board.name
)
def test_made(board: Path, tmp_path: Path) -> None:
    contract.check_made(board, tmp_path)


def test_models_are_unique() -> None:
    models = [contract.board_json.read(board)["model"] for board in BOARDS]
    assert len(set(models)) == len(models)


def test_the_record_that_closes_the_console_has_one_name() -> None:
    """main.py repeats it so as to need no import; the console link and the journal name it too."""
    path, link = (_constant(f"firmware/{name}.py", "IDENTITY") for name in ("main", "links/console"))
    prefix = _constant("firmware/seal/journal.py", "_PREFIX")
    assert link == prefix + "identity" and path == f"/state/{link}"
    for name in ("rp2", "esp32"):
        assert 'FileStore("/state", ' in (contract.ROOT / f"firmware/drivers/{name}_board.py").read_text()


@pytest.mark.parametrize(("errno", "provisioned"), [(0, True), (2, False), (5, True), (19, True), (84, True)])
def test_the_console_stays_closed_if_the_flash_fails(errno: int, provisioned: bool) -> None:
    """The check of main.py alone: 2 is ENOENT, the rest are failures of the flash."""
    (check,) = [
        node
        for node in ast.parse((contract.ROOT / "firmware/main.py").read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "is_provisioned"
    ]

    class Flash:
        @staticmethod
        def stat(path: str) -> None:
            if errno:
                raise OSError(errno, path)

    names: dict[str, object] = {"os": Flash, "IDENTITY": "/state/j-identity"}
    exec(ast.unparse(check), names)
    assert names["is_provisioned"]() is provisioned  # type: ignore[operator]


def _constant(file: str, name: str) -> str:
    for node in ast.parse((contract.ROOT / file).read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{file} has no {name}")


def test_an_editor_finds_every_folder_of_the_project() -> None:
    """pyrightconfig.json names folders by hand: all exist, but for those of the stubs."""
    config = json.loads((contract.ROOT / "pyrightconfig.json").read_text())
    paths = [environment["root"] for environment in config["executionEnvironments"]]
    paths += [path for environment in config["executionEnvironments"] for path in environment.get("extraPaths", ())]
    missing = {path for path in paths if not (contract.ROOT / path).is_dir() and not path.startswith("build/stubs/")}
    assert not missing
