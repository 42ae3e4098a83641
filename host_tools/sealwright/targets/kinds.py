"""The kinds of board there are firmware for: what their `board.json` says, as far as the host acts on it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import Rejected, Usage, cause_of
from . import assets

UF2: Final = "uf2"


@dataclass(frozen=True, slots=True)
class BoardKind:
    """mcu: as MicroPython names it. arch: mpy-cross's name. image: MicroPython's name of its build for the board.
    flash: "uf2", or esptool's name of the chip, or "" where no cable brings firmware."""

    name: str
    model: str
    mcu: str
    arch: str
    image: str
    flash: str
    folder: Path

    @property
    def called(self) -> str:
        """Its name with its article, as it is said: a pico, an esp32."""
        return f"{'an' if self.name[0] in 'aeio' else 'a'} {self.name}"


def names() -> list[str]:
    """The boards that firmware can be put on: those whose board.json says how."""
    return [path.parent.name for path in _files() if "flash" in _read(path)]


def find(name: str) -> BoardKind:
    """The board `name`. Raises Usage."""
    for path in _files():
        if path.parent.name == name and "flash" in _read(path):
            return describe(path.parent)
    remedy = f"Boards that firmware can be put on: {', '.join(names()) or 'none'}."
    raise Usage(f"there is no board {name!r}", remedy=remedy, code="unknown_board")


def describe(folder: Path) -> BoardKind:
    """The board in a folder, whether or not firmware can be put on it by cable. Raises Usage."""
    found = _read(folder / "board.json")
    said = {key: found[key] for key in ("model", "mcu", "arch", "image")}
    return BoardKind(name=folder.name, folder=folder, flash=found.get("flash", ""), **said)


def find_any(name: str | None = None, model: str | None = None) -> BoardKind:
    """The board of this name or this model, whether or not firmware can be put on it by cable. Raises Usage."""
    kinds = [describe(path.parent) for path in _files()]
    for kind in kinds:
        if name in (None, kind.name) and model in (None, kind.model):
            return kind
    remedy = f"Boards: {', '.join(kind.name for kind in kinds)}."
    raise Usage(f"there is no board {name or model!r}", remedy=remedy, code="unknown_board")


def custody_of(model: str | None) -> int:
    """How well boards of this model keep a key, by their own description: 0 open, 1 sealed, 2 element.

    A device's own word is worth nothing here: any program can say that it is an element. 0 for an unknown model.
    """
    return max((int(_read(path).get("custody", 0)) for path in _files() if _read(path)["model"] == model), default=0)


def power_of(model: str) -> dict[str, Any] | None:
    """What boards of this model draw, by their own description: {"awake_mA", "asleep_mA", "volts": decimal text,
    "source"}. None where no board here is of this model, or it does not say."""
    return next((_read(path).get("power") for path in _files() if _read(path)["model"] == model), None)


def folders() -> list[Path]:
    """The folder of every board, by name."""
    return [path.parent for path in _files()]


def description(folder: Path) -> dict[str, Any]:
    """The whole board.json of a board's folder. Raises Usage."""
    return _read(folder / "board.json")


def is_emulated(model: str) -> bool:
    """Whether `model` is that of an emulated board, by the boards' own descriptions. Raises Rejected for an unknown."""
    for path in _files():
        board = _read(path)
        if board["model"] == model:
            return bool(board.get("emulated"))
    raise Rejected(f"no board here is of model {model!r}", remedy="Use a Sealwright that knows the board.")


def plain(chip: str) -> str:
    """A chip's name without what its makers, MicroPython and esptool write differently: "ESP32-C3" and "esp32c3"."""
    return "".join(char for char in chip.upper() if char.isalnum())


def _files() -> list[Path]:
    return sorted((assets.root() / "boards").glob("*/board.json"))


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Usage(f"{path} cannot be read: {cause_of(error)}", remedy="Install Sealwright again.") from error
    return found
