"""A small LittleFS image on the emulated flash for tests: format it, use it mounted, cut its power.
MicroPython only."""

import gc
import os

import vfs
from emulated.flash import FlashFile, PowerCut

BLOCKS = 24  # 16 of them are never for readings
_BUFFER = bytearray(4096)


def format(path):
    """A new, empty file system in the image at `path`."""
    flash = FlashFile.create(path, 4096, BLOCKS)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    flash.close()


def mounted(path, action):
    """Run `action(flash)` with the image at `path` mounted on /board; True if the power was cut meanwhile."""
    flash = FlashFile(path, 4096, BLOCKS, True)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/board")
    cut = False
    try:
        action(flash)
    except PowerCut:
        cut = True
        _bury(flash, path)
    vfs.umount("/board")
    flash.close()
    return cut


def cut_everywhere(path, life, parts=(0, 7, 16), step=1):
    """Run `life(flash)` on what the image at `path` holds now, its power cut at each `step`-th operation after so many
    sixteenths of it, and at last not at all. Yields (operation, part) with the image as that run left it."""
    before = read(path)
    for part in parts:
        operation, cut = part % step, True
        while cut:
            operation += step
            write(path, before)

            def cut_life(flash):
                flash.cut_after(operation, part)
                life(flash)

            cut = mounted(path, cut_life)
            gc.collect()
            yield operation, part
            gc.collect()
        assert operation >= 2 * step, "it was never cut"


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def copy(path, to):
    """Copy an image, in little heap."""
    with open(path, "rb") as source, open(to, "wb") as target:
        while source.readinto(_BUFFER):
            target.write(_BUFFER)


def _bury(flash, path):
    """Let the files still open be closed on a copy: after a real power cut no finaliser runs, here they do,
    and they would print a traceback each."""
    gc.disable()
    copy = open(path + ".copy", "w+b", 0)
    flash._file.seek(0)
    while flash._file.readinto(_BUFFER):
        copy.write(_BUFFER)
    flash.close()
    flash._file, flash._is_off, flash._operations_left, flash._strict = copy, False, None, False
    os.remove(path + ".copy")
    gc.enable()
    gc.collect()
