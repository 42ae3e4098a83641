"""The process of an emulated Pico: `python -P -m sealwright.emulator.pico.process FOLDER BOARD-FOLDER`.

Holds the board's lock, as every emulated board does, and runs the chip with what is on its wires until it is killed.
"""

import json
import sys
from pathlib import Path

from ..launch import begin, end_with_lifeline
from ..wires import Wires
from .bus import solder
from .chip import Chip
from .launcher import FLASH


def main(folder: Path, board: Path) -> int:
    """Run the board in `folder`; returns only where one runs there already."""
    pty = begin(folder)
    if pty is None:
        return 2
    end_with_lifeline()
    hardware = json.loads(Path("hardware.json").read_text())
    chip = Chip(Path(FLASH), Wires(pty, tuple(hardware["command"])))
    chip.join_uart(hardware.get("uart"))
    series = [Path(path) for path in hardware["series"]]
    rest = solder(chip.rp2040.i2c[0], board.parent, series, chip.milliseconds, hardware.get("element"))
    if "mcu" in rest:
        chip.decicelsius = lambda: rest["mcu"]()[0]
    chip.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
