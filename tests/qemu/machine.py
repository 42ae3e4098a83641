"""MicroPython on other processors: its own QEMU port, which runs what boards of these kinds are flashed with.

    rv32    rv32imc, the ESP32-C3's             SEALWRIGHT_RV32_ELF, qemu-system-riscv32
    m33     armv7emsp, the RP2350's             SEALWRIGHT_M33_ELF, qemu-system-arm

A machine starts anew for each script. Files come as one block of guest memory, mounted as a read-only volume, so the
heap (239 KB) holds what import puts there and nothing else. The port has no `time`, no `asyncio`, no `os.urandom` and
no flash; small modules have the names that imports need. So it shows instruction sets and heap, not boards.
"""

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.volume import mount, placed


class Kind(NamedTuple):
    """One of QEMU's machines. memory: where files are put."""

    variable: str
    arch: str
    command: tuple[str, ...]
    memory: int


KINDS: Final = {
    "rv32": Kind("SEALWRIGHT_RV32_ELF", "rv32imc", ("qemu-system-riscv32", "-M", "virt", "-bios", "none"), 0x80800000),
    "m33": Kind("SEALWRIGHT_M33_ELF", "armv7emsp", ("qemu-system-arm", "-M", "mps2-an505"), 0x80000000),
}
_OPTIONS: Final = ("-nographic", "-monitor", "null", "-semihosting", "-serial", "stdio")
_READY: Final = b"raw REPL; CTRL-B to exit\r\n>"
_CTRL_A, _CTRL_C, _CTRL_D = b"\x01", b"\x03", b"\x04"
_TIME: Final = b"""
# the port has no clock: each look at it is a millisecond later
_now = 0
def ticks_ms():
    global _now
    _now += 1
    return _now
def ticks_add(ticks, delta):
    return ticks + delta
def ticks_diff(end, start):
    return end - start
def sleep_ms(ms):
    pass
"""
_OS: Final = b"""
# the port has no source of randomness: blinding and test keys get numbers that repeat
import random
from uos import *
def urandom(n):
    return bytes(random.getrandbits(8) for _ in range(n))
"""
_ASYNCIO: Final = b"""
# the port has no loop: what modules name when they are imported
class TimeoutError(Exception):
    pass
class CancelledError(BaseException):
    pass
"""


class GuestError(Exception):
    """A script raised, or the guest did not answer; the text is what it said."""


def require(name: str) -> Path:
    """The image of a machine. Skips the test where there is none, or no QEMU."""
    kind = KINDS[name]
    image = os.environ.get(kind.variable)
    if not image or not Path(image).is_file():
        pytest.skip(f"{kind.variable} names no MicroPython image for QEMU's {kind.command[2]}")
    if shutil.which(kind.command[0]) is None:
        pytest.skip(f"there is no {kind.command[0]} here")
    return Path(image)


def run(
    name: str, files: Mapping[str, bytes], script: str, folder: Path, seconds: float = 1800, options: Sequence[str] = ()
) -> str:
    """What `script` prints on a new machine that has these files, by path, and first on its path. folder: for what QEMU
    reads; options: more of QEMU's. Raises GuestError with its traceback."""
    image, kind = require(name), KINDS[name]
    block, places = placed({**files, "time.py": _TIME, "os.py": _OS, "asyncio.py": _ASYNCIO}, kind.memory)
    (folder / "files").write_bytes(block)
    loader = f"loader,file={folder / 'files'},addr={kind.memory:#x},force-raw=on"
    process = subprocess.Popen(
        [*kind.command, "-kernel", str(image), *_OPTIONS, "-device", loader, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        console = _Console(process, seconds)
        console.say(b"\r" + _CTRL_C + _CTRL_C + _CTRL_A, _READY)
        console.run(mount(places, "/files", is_text=True))
        return console.run(script)
    finally:
        process.kill()
        process.communicate()


def run_module(name: str, files: Mapping[str, bytes], module: str, arguments: list[str], folder: Path) -> list[str]:
    """The lines that a module of `files` prints when it is run as a program with `arguments`."""
    # as firmware/main.py does: the heap is collected during imports, so free memory stays in one piece. Then no more:
    # the curve of RISC-V would take four times as long.
    imports = "import gc, sys\ngc.threshold(16384)\nimport seal.p256, seal.cose\ngc.threshold(-1)\n"
    script = f"{imports}sys.argv[:] = {json.dumps([module, *arguments])}\nimport {module}\n"
    return run(name, files, script, folder).splitlines()


class _Console:
    def __init__(self, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        self._process = process
        self._end = time.monotonic() + seconds

    def say(self, data: bytes, until: bytes, count: int = 1) -> bytes:
        """Write `data`; what comes until `until` has come so many times."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()
        out = b""
        while out.count(until) < count:
            left = self._end - time.monotonic()
            ready = left > 0 and select.select([self._process.stdout], [], [], left)[0]
            piece = os.read(self._process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                raise GuestError(f"no answer: {out[-2000:]!r}")
            out += piece
        return out

    def run(self, source: str) -> str:
        said = self.say(source.encode() + _CTRL_D, _CTRL_D, 2)
        printed, trace = said.removeprefix(b">").removeprefix(b"OK").split(_CTRL_D)[:2]
        if trace:
            raise GuestError(printed.decode(errors="replace")[-2000:] + trace.decode(errors="replace"))
        return printed.decode().replace("\r\n", "\n")
