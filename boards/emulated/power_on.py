"""Power-on of an emulated board: `micropython -m emulated.power_on`.

A chip's port mounts the flash before it runs boot.py; here the flash is `flash.img` in the working folder. The loader
then chooses a slot on it. A board without an update has none: it runs the sources beside the loader.
"""

import loader

from . import chip, poller
from .flash import mount

FLASH = "/flash"

poller.reserve()
mount("flash.img", FLASH)
loader.choose(FLASH, chip)

import main  # noqa: E402,F401  it runs the board
