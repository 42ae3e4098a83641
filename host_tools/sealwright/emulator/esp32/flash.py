"""The flash of a new board: a LittleFS image with the loader, and the firmware in slot a, as `deploy` leaves it.

What is compiled for the chip cannot run here, so the slot holds slim sources. They are copied by MicroPython's own
LittleFS.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from ...errors import Usage
from ...targets import compile_for
from ...targets.kinds import find
from .interpreter import environment, micropython

IMAGE: Final = "flash.img"
BLOCKS: Final = 512  # of 4 KB, of the chip's 4 MB: where its port has the file system


def make_flash(folder: Path, board: Path) -> None:
    """Make the flash image of a new board in `folder`. board: its kind's folder in `boards`. Raises Usage."""
    build = compile_for(find(board.name), sources=True)
    with tempfile.TemporaryDirectory(prefix="sealwright-") as files:
        build.lay_out(Path(files))
        script = board.parent / "emulated" / "put_on_flash.py"
        command = micropython(str(script), files, str(folder / IMAGE), str(BLOCKS))
        ran = subprocess.run(
            command, env=environment(board), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    if ran.returncode:
        said = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Usage(f"MicroPython cannot make a flash image: {said}", remedy="Check the disk, or install it again.")
