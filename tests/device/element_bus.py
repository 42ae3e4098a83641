"""A bus with an emulated ATECC608, whose time does not wait, and a keystore in it."""

from emulated.atecc608 import ADDRESS, ATECC608Chip
from emulated.i2c import I2C
from keystore.atecc608 import Atecc608
from keystore.element import ElementKeyStore
from rig import RamStore
from sensor_bus import Leap

STEP = 20  # ms at each look: a signature is ready after six


class Element:
    """chip: the model. store: where the board keeps its files. keys: the keystore, `restart` for a new one."""

    def __init__(self, is_locked=True):
        self.chip = ATECC608Chip(None, Leap(STEP))
        self.bus = I2C({ADDRESS: self.chip})
        self.store = RamStore()
        self.restart()
        if is_locked:
            self.keys.lock(self.keys.report()[4])

    def restart(self):
        self.keys = ElementKeyStore(Atecc608(self.bus), self.store)
        return self.keys
