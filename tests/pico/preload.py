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

ROOT = Path(__file__).parents[2]
MICROPYTHON = Path(sys.executable).parent / "micropython"
FILE_SYSTEM_BYTES = 352 * 4096

COPY = """
import os, sys, vfs
from emulated.flash import FlashFile, PROGRAM_SIZE
source, image = sys.argv[1:]
flash = FlashFile.create(image)
vfs.VfsLfs2.mkfs(flash, progsize=PROGRAM_SIZE)
vfs.mount(vfs.VfsLfs2(flash, progsize=PROGRAM_SIZE), "/new")
def copy(at):
    for name, kind, *_ in os.ilistdir(source + at):
        path = at + "/" + name
        if kind == 0x4000:
            os.mkdir("/new" + path)
            copy(path)
        else:
            with open(source + path, "rb") as file, open("/new" + path, "wb") as new:
                new.write(file.read())
copy("")
vfs.umount("/new")
"""


def preload(board: EmulatedBoard, folder: Path) -> None:
    """Make the file system of a Pico that is switched off anew, with the files of `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        script, image = Path(scratch, "copy.py"), Path(scratch, "image")
        script.write_text(COPY)
        path = ":".join([str(ROOT / "boards"), str(ROOT / "firmware"), ".frozen"])
        command = [str(MICROPYTHON), "-X", "heapsize=4m", str(script), str(folder), str(image)]
        subprocess.run(command, check=True, env={**os.environ, "MICROPYPATH": path})
        with (board.folder / FLASH).open("r+b") as flash:
            flash.seek(FLASH_BYTES - FILE_SYSTEM_BYTES)
            flash.write(image.read_bytes())
