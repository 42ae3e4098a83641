"""Run by MicroPython: `put_on_flash.py SOURCE IMAGE BLOCKS` copies a folder onto a flash image, or a new one."""

import os
import sys

from emulated.flash import mount

_FOLDER = 0x4000


def put(source: str, target: str) -> None:
    """Copy the content of the folder `source` into the folder `target`."""
    for name, kind, *_ in os.ilistdir(source):
        old, new = source + "/" + name, target + "/" + name
        if kind == _FOLDER:
            os.mkdir(new)
            put(old, new)
        else:
            with open(old, "rb") as file, open(new, "wb") as copy:
                copy.write(file.read())


mount(sys.argv[2], "/board", blocks=int(sys.argv[3]))
put(sys.argv[1], "/board")
