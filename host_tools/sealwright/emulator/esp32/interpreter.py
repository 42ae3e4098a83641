"""MicroPython for an emulated ESP32: its command line, and what it finds there."""

import os
import sys
from pathlib import Path
from typing import Final

from ..interpreter import check_micropython

_CHIP: Final = Path(__file__).with_name("chip.py")


def micropython(*arguments: str) -> list[str]:
    """The command line of MicroPython with these arguments. Raises Usage where there is none."""
    check_micropython()
    return [sys.executable, "-P", str(_CHIP), *arguments]


def environment(board: Path) -> dict[str, str]:
    """What MicroPython runs in: the models are where it looks for modules. board: a kind's folder in `boards`."""
    boards = board.parent
    return {**os.environ, "MICROPYPATH": f"{boards / 'emulated' / board.name}:{boards}"}
