"""Takes N readings on a stopped board's flash, as fast as it can. MicroPython, in its folder: take_readings.py N"""

import sys

import board
from emulated.flash import mount
from seal.device import Device

mount("flash.img", "/flash")
this = Device(board.make())
this.load()
for _ in range(int(sys.argv[1])):
    this.sample()
print(this.log.seq)
