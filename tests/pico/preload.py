"""Files on an emulated Pico's flash before it is switched on: what `mpremote` would need a minute for, in a second.

The file system is made by real MicroPython on the host, the unix port, in the flash's last 1.4 MB: where the chip's
has it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from sealwright.emulator import EmulatedBoard
from sealwright.emulator.pico.image import FLASH_BYTES
from sealwright.emulator.pico.launcher import FLASH
from sealwright.targets import Build

ROOT = Path(__file__).parents[2]
MICROPYTHON = Path(sys.executable).parent / "micropython"
BLOCKS = 352  # of 4 KB, at the flash's end
FILES_AT = FLASH_BYTES - BLOCKS * 4096
SCRIPT = ROOT / "boards" / "emulated" / "put_on_flash.py"


def preload(board: EmulatedBoard, folder: Path) -> None:
    """Make the file system of a Pico that is switched off anew, with the files of `folder`."""
    with (board.folder / FLASH).open("r+b") as flash:
        flash.seek(FILES_AT)
        flash.write(file_system(folder))


def file_system(folder: Path) -> bytes:
    """A Pico's file system with the files of `folder`: what is in its flash from FILES_AT on."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch, "image")
        path = ":".join([str(ROOT / "boards"), str(ROOT / "firmware"), ".frozen"])
        command = [str(MICROPYTHON), "-X", "heapsize=4m", str(SCRIPT), str(folder), str(image), str(BLOCKS)]
        subprocess.run(command, check=True, env={**os.environ, "MICROPYPATH": path})
        return image.read_bytes()


def preload_firmware(board: EmulatedBoard, build: Build) -> None:
    """Make the file system of a Pico that is switched off anew, with this firmware in slot a."""
    with tempfile.TemporaryDirectory() as folder:
        build.lay_out(Path(folder))
        preload(board, Path(folder))
