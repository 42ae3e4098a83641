"""A board with MicroPython's prompt, on the unix port: `micropython prompt.py IMAGE BLOCKS` with the console on stdio.

The unix port has no raw REPL: this is a model of it, after MicroPython's documentation (raw mode, without raw paste).
All else is real: the interpreter that runs the scripts, and LittleFS in an image that survives the process. Like a
chip, it runs /boot.py and /main.py first, and `machine.reset()` ends the process with exit code 42, to be started
again.

Limits: nothing interrupts a script that runs.
"""

import io
import os
import sys

import vfs

BANNER = b"raw REPL; CTRL-B to exit\r\n>"
RESET = 42
MACHINE = "Test board with TEST32"


class Block:
    """LittleFS's blocks in a file."""

    def __init__(self, path, count):
        self._file = open(path, "r+b", 0)
        self._count = count

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * 4096 + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self._file.seek(block * 4096 + offset)
        self._file.write(buffer)

    def ioctl(self, op, argument):
        return {4: self._count, 5: 4096}.get(op, 0)


class Machine:
    """What the firmware and mpremote's scripts ask of the module `machine`."""

    @staticmethod
    def reset():
        sys.exit(RESET)

    class WDT:
        def __init__(self, timeout=0):
            pass

        def feed(self):
            pass


class Names:
    """The module `os`, of a chip: the unix port's has no `uname`."""

    def __getattr__(self, name):
        return getattr(os, name)

    @staticmethod
    def uname():
        return ("test", "test", "1.28.0", "v1.28.0", MACHINE)


def mount(path, blocks):
    """Have the image be all the files there are."""
    flash = Block(path, blocks)
    try:
        system = vfs.VfsLfs2(flash)
    except OSError:
        vfs.VfsLfs2.mkfs(flash)
        system = vfs.VfsLfs2(flash)
    vfs.umount("/")
    vfs.mount(system, "/")
    os.chdir("/")


def main(image, blocks):
    mount(image, blocks)
    sys.modules["machine"] = Machine
    sys.modules["os"] = Names()
    sys.path[:] = ["", "/lib", ".frozen"]
    scope = {"__name__": "__main__"}
    for name in ("boot.py", "main.py"):
        if name in os.listdir("/"):
            attempt(lambda name=name: exec(open("/" + name).read(), scope))
    raw(scope)


def attempt(call):
    """What went wrong, as the prompt would print it; a reset goes through."""
    trace = io.StringIO()
    try:
        call()
    except SystemExit as error:
        if error.args and error.args[0] == RESET:
            raise
    except BaseException as error:
        sys.print_exception(error, trace)
    return trace.getvalue()


def raw(scope):
    """Answer in raw mode for ever."""
    read, write = sys.stdin.buffer, sys.stdout.buffer
    line, is_raw = bytearray(), False
    while True:
        byte = read.read(1)
        if not byte:
            return
        if byte == b"\x01":
            is_raw, line = True, bytearray()
            write.write(BANNER)
        elif byte == b"\x02":
            is_raw, line = False, bytearray()
            write.write(b"\r\n>>> ")
        elif byte == b"\x03":
            line = bytearray()
        elif byte == b"\x04" and is_raw:
            source, line = bytes(line), bytearray()
            if source == b"\x05A\x01":
                continue
            write.write(b"OK")
            trace = attempt(lambda: exec(source.decode(), scope))
            write.write(b"\x04" + trace.encode() + b"\x04>")
        else:
            line.extend(byte)
            if is_raw and line == b"\x05A\x01":
                line = bytearray()
                write.write(b"R\x00")


main(sys.argv[1], int(sys.argv[2]))
