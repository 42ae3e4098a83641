"""The kinds of board there are firmware for: what their `board.json` says, as far as the host acts on it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .. import assets
from ..errors import Usage

UF2: Final = "uf2"


@dataclass(frozen=True, slots=True)
class BoardKind:
    """mcu: as MicroPython names it. arch: mpy-cross's name. image: MicroPython's name of its build for the board.
    flash: "uf2", or esptool's name of the chip."""

    name: str
    model: str
    mcu: str
    arch: str
    image: str
    flash: str
    folder: Path


def names() -> list[str]:
    """The boards that firmware can be put on: those whose board.json says how."""
    return [path.parent.name for path in _files() if "flash" in _read(path)]


def find(name: str) -> BoardKind:
    """The board `name`. Raises Usage."""
    for path in _files():
        found = _read(path)
        if path.parent.name == name and "flash" in found:
            said = {key: found[key] for key in ("model", "mcu", "arch", "image", "flash")}
            return BoardKind(name=name, folder=path.parent, **said)
    remedy = f"Boards that firmware can be put on: {', '.join(names()) or 'none'}."
    raise Usage(f"there is no board {name!r}", remedy=remedy, code="unknown_board")


def _files() -> list[Path]:
    return sorted((assets.root() / "boards").glob("*/board.json"))


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Usage(f"{path} cannot be read: {error}", remedy="Install Sealwright again.") from error
    return found
