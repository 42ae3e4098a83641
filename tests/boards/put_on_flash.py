"""Run by MicroPython in the folder of an emulated board: `put_on_flash.py SOURCE` copies a folder onto its flash."""

import os
import sys

from emulated.flash import mount

_FOLDER = 0x4000


def put(source, target):
    for name in os.listdir(source):
        path = source + "/" + name
        if os.stat(path)[0] & _FOLDER:
            os.mkdir(target + "/" + name)
            put(path, target + "/" + name)
        else:
            with open(path, "rb") as old, open(target + "/" + name, "wb") as new:
                new.write(old.read())


mount("flash.img", "/board", blocks=512)
put(sys.argv[1], "/board")
