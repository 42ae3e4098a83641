"""What a test does to the files on a stopped board's flash. MicroPython, in the board's folder:

fill N        take all room but N blocks, with files `filler...`     remove NAME (filler: all of them)
flip NAME AT  flip a bit of a file's byte                            list        print the names
"""

import os
import sys

from emulated.flash import mount

FLASH, BLOCK = "/flash", b"\x5a" * 4096


def free():
    return os.statvfs(FLASH)[3]


def fill(leave):
    name, leave = FLASH + "/filler", int(leave)
    with open(name, "wb") as file:
        for _ in range(free() - leave - 4):
            file.write(BLOCK)
    for number in range(free() - leave):
        try:
            with open(f"{name}{number}", "wb") as file:
                file.write(BLOCK)
        except OSError:
            os.remove(f"{name}{number}")  # LittleFS counts a block more than it gives


def remove(name):
    for file in os.listdir(FLASH):
        if file == name or (name == "filler" and file.startswith(name)):
            os.remove(FLASH + "/" + file)


def flip(name, at):
    with open(FLASH + "/" + name, "r+b") as file:
        data = bytearray(file.read())
        data[int(at)] ^= 1
        file.seek(0)
        file.write(data)


def show():
    for name in sorted(os.listdir(FLASH)):
        print(name)


mount("flash.img", FLASH)
{"fill": fill, "remove": remove, "flip": flip, "list": show}[sys.argv[1]](*sys.argv[2:])
