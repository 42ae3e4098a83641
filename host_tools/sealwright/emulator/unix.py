"""The unix port of MicroPython as an emulator: the board's own program in a real interpreter, at the host's speed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import Usage
from ..link.client import connect
from ..targets.kinds import description
from .interpreter import check_micropython

_GREETING_SECONDS: Final = 2.0


class UnixPort:
    """Emulator: what `launch` runs."""

    links = ("command", "peer")
    has_console = False
    is_bare = False
    has_uart = False
    has_radio = False
    patience = 1.0
    group = 16  # boards that start side by side: each wants 0.3 s of a core before it answers

    def equip(self, folder: Path, board: Path, image: Path | None) -> None:
        """Nothing: the flash image is made at the first start."""
        if image is not None:
            raise Usage("this board takes no image", remedy="It runs the MicroPython installed with Sealwright.")

    def command(self, folders: Sequence[Path], board: Path) -> list[str]:
        """MicroPython with the heap that the board's description says. Raises Usage where there is none."""
        check_micropython()
        heap = str(description(board)["heap"])
        launcher = str(Path(__file__).with_name("launch.py"))
        return [sys.executable, "-P", launcher, str(board), heap, *map(str, folders)]

    def greet(self, url: str) -> None:
        """Its program runs when it says what it is."""
        with connect(url, _GREETING_SECONDS) as client:
            client.info()
