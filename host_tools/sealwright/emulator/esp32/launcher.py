"""How an ESP32 becomes a process: its flash is made once, with our firmware, and from then on is the board's own."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import Usage
from ...link.transport import open_url
from ..interpreter import check_micropython
from .flash import make_flash


class Esp32:
    """Emulator: the unix port behind a console."""

    links = ("command",)
    has_console = True
    is_bare = False
    has_uart = False
    has_radio = True
    patience = 1.0
    group = 1

    def equip(self, folder: Path, board: Path, image: Path | None) -> None:
        """Make its flash. Raises Usage."""
        if image is not None:
            raise Usage("this board takes no image", remedy="It runs the MicroPython installed with Sealwright.")
        make_flash(folder, board)

    def command(self, folders: Sequence[Path], board: Path) -> list[str]:
        """A Python of its own, which holds the board's wires and starts MicroPython again after a reset. Raises
        Usage where there is no MicroPython."""
        check_micropython()
        return [sys.executable, "-P", "-m", f"{__package__}.process", *map(str, folders), str(board)]

    def greet(self, url: str) -> None:
        """Its console's port opens when its flash is mounted, whatever program it runs."""
        open_url(url).close()
