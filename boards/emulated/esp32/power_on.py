"""Power-on of an emulated ESP32: `micropython power_on.py`, in the folder of the board.

The flash is `flash.img` there, a LittleFS at `/` as on the board; our own files are at /host. Then come boot.py and
main.py, where the flash has them, and after them the prompt, all on stdin and stdout as on the board's UART. With
SEALWRIGHT_RAW set, main.py does not run, as after mpremote's soft reset in raw mode. SEALWRIGHT_READY is the descriptor
of a pipe to the parent process: it gets a byte when the flash is mounted. MICROPYPATH names this
folder and `boards`.
"""

import os
import sys

import vfs
from emulated.flash import mount

_HOST = "/host"


def _start() -> None:
    folder = _HOST + os.getcwd() + "/"
    search = [_HOST + path for path in os.getenv("MICROPYPATH").split(":")]
    os.putenv("SEALWRIGHT_FOLDER", folder)
    vfs.umount("/")
    vfs.mount(vfs.VfsPosix(), _HOST)  # with a root of its own, MicroPython's rename takes one name for two
    mount(folder + "flash.img", "/", blocks=512)
    # the models come first, because they replace modules that are built into the chip's port
    sys.path[:] = search + ["", ".frozen", "/lib"]
    for name in list(sys.modules):
        if name.startswith("emulated") and name != "emulated.flash":  # that one knows the chip
            del sys.modules[name]  # it has moved to /host
    from emulated import poller  # not before: asyncio is to import the models

    poller.reserve()
    if os.getenv("SEALWRIGHT_READY"):
        with open(int(os.getenv("SEALWRIGHT_READY")), "wb") as ready:
            ready.write(b"\n")


def _run(name: str) -> None:
    if name in os.listdir("/"):
        with open("/" + name) as file:
            source = file.read()
        try:
            exec(compile(source, name, "exec"), {"__name__": "__main__"})
        except Exception as error:
            sys.print_exception(error)


_start()
_run("boot.py")
if not os.getenv("SEALWRIGHT_RAW"):
    _run("main.py")
os.putenv("MICROPYINSPECT", "1")  # not before: a reset ends the process
