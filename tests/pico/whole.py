"""The whole firmware of a board in an emulated Pico, as something that answers requests and is measured.

The guest runs a board's firmware, compiled, over its own flash. Its heap is `gc.mem_free()` after a collection, in
bytes. Its times are its own, by `ticks_us`; flash takes the processor's time alone, as the emulated flash is ready at
once.
"""

import json
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "firmware"), str(ROOT / "firmware" / "tools"), str(ROOT / "tests" / "device")]

from rig import NOW, Issuer, policy  # noqa: E402
from seal import link, rpc  # noqa: E402
from sealwright.emulator.pico.bus import solder  # noqa: E402

import build  # noqa: E402
from tests.pico.rig import Pico, folder  # noqa: E402

WARM = 876  # the temperature channel at 27 Cel

BOOT = """
import gc, sys, time
began = time.ticks_ms()
gc.collect()
gc.threshold(16384)
def free(what):
    gc.collect()
    print(what, gc.mem_free())
free("nothing loaded")
import asyncio, board
from seal import app, cbor, compat, device, link, rpc
from seal.peers import Peers
from seal.seller import Seller
from seal.service import Service
loaded = time.ticks_diff(time.ticks_ms(), began)
free("loaded")
this = device.Device(board.make())
this.load()
this.peers = Peers(this)
compat.settle_heap()
handlers = Service(this).handlers()
handlers.update(Seller(this).handlers())
free("booted")
def write(data):
    for at in range(0, len(data), 64):
        print(data[at : at + 64].hex(), end="")
def answer(frame):
    global spent
    began = time.ticks_us()
    [(number, kind, item)] = link.FrameReader().feed(frame)
    middle = time.ticks_us()
    reply, result = rpc.answer(handlers, kind, item)
    spent = time.ticks_diff(time.ticks_us(), middle)
    frame = link.pack(number, reply, result)
    whole = time.ticks_diff(time.ticks_us(), began)
    item = result = None
    compat.tidy_heap()
    return frame, whole
def ask(frame):
    frame, whole = answer(frame)
    write(frame)
    print("", spent, whole)
    frame = None
    gc.collect()
    print(gc.mem_free())
"""
MEDIAN = """
def median(call, count=5):
    times = []
    for _ in range(count):
        began = time.ticks_us()
        call()
        times.append(time.ticks_diff(time.ticks_us(), began))
    print(sorted(times)[count // 2])
"""


class Whole:
    """The firmware in a Pico, booted and provisioned by `issuer`. `free`: the least heap of each step, by its name.
    `spent`: the handler's milliseconds of the last request; `whole`: those from frame to frame."""

    def __init__(self, uf2: Path, board: Path, series: Sequence[Path] = ()) -> None:
        """series: what the sensors on its I2C bus replay."""
        self.pico, self.size = switched_on(uf2, board)
        if series:
            solder(self.pico.mcu.i2c[0], ROOT / "boards", series, lambda: int(self.pico.seconds * 1000))
        self.free: dict[str, int] = {}
        self.spent = self.whole = 0.0
        self.run(BOOT)
        self.issuer, nonce = Issuer(), secrets.token_bytes(32)
        self.ask("key made", rpc.EVIDENCE, nonce)
        self.public = bytes.fromhex(self.pico.run("print(this.public.hex())"))
        self.ask("provisioned", rpc.GRANT, self.issuer.grant(self.public, nonce, policy()))
        self.device_id = bytes.fromhex(self.pico.run("print(this.device_id.hex())"))

    def note(self, what: str, size: int) -> None:
        """Keep a figure of heap: the least where there are more."""
        self.free[what] = min(size, self.free.get(what, size))

    def run(self, script: str) -> None:
        """Note what a script prints: a word or more, and bytes."""
        for line in self.pico.run(script).splitlines():
            what, _, size = line.rpartition(" ")
            self.note(what, int(size))

    def number(self, script: str) -> int:
        """The one number that a script prints."""
        return int(self.pico.run(script))

    def ask(self, what: str, kind: int, item: object) -> Any:
        """The result of a request; `what` names the heap that is left after it. Raises PeerError."""
        self.pico.give("frame", link.pack(1, kind, item))
        frame, numbers = self.pico.run("ask(frame)").splitlines()
        self.note(what, int(numbers))
        packed, spent, whole = frame.split()
        self.spent, self.whole = int(spent) / 1000, int(whole) / 1000
        _, reply, result = link.unpack(bytes.fromhex(packed)[:-1])
        if reply == rpc.ERROR:
            raise rpc.PeerError(result[0])
        return result

    def command(self, op: str, value: object = None) -> Any:
        """An owner's command."""
        return self.ask("owner's command", rpc.COMMAND, self.issuer.command(self, op, value, seq=None))

    log = None

    def now(self) -> int:
        """Unix time of the guest, near enough for a command's end."""
        return NOW


def noisy(pico: Pico) -> Pico:
    """The same Pico, with noise where the chip has it."""
    pico.mcu.rosc.random_bit = lambda: secrets.randbits(1)
    adc = pico.mcu.adc
    adc.on_adc_read = lambda channel: adc.complete_adc_read(WARM + secrets.randbelow(4), False)
    return pico


def compiled_firmware(arch: str) -> dict[str, bytes]:
    """The packages, compiled, as `Pico.mount` takes them."""
    with tempfile.TemporaryDirectory() as out:
        build.build(arch, Path(out))
        files = folder(Path(out) / arch)
    del files["boot.py"], files["main.py"]
    return files


def files_of(board: Path) -> dict[str, bytes]:
    """The board's whole firmware, as `Pico.mount` takes it."""
    arch = json.loads((board / "board.json").read_text())["arch"]
    files = compiled_firmware(arch)
    with tempfile.TemporaryDirectory() as out:
        for name in ("board", "wiring"):
            target = Path(out) / f"{name}.mpy"
            build.compile_module(board / f"{name}.py", target, arch, f"{name}.py")
            files[target.name] = target.read_bytes()
    return files


def switched_on(uf2: Path, board: Path) -> tuple[Pico, int]:
    """A Pico with the board's whole firmware, and the bytes of that."""
    files = files_of(board)
    pico = noisy(Pico(uf2))
    pico.mount(files)
    return pico, sum(map(len, files.values()))
