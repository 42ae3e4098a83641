"""The whole firmware on an emulated Pico: its size, the heap that is left, and how long the first reading takes.

    SEALWRIGHT_PICO_UF2=IMAGE python tests/pico/heap.py [BOARD]        also a topic of `make bench-device`

The guest runs a board's whole firmware, compiled, over its own flash; a device under CPython buys from it. Each figure
of heap is `gc.mem_free()` after a collection at the end of a step, in bytes, the least of its kind. Boot to the first
signed reading is counted in the guest's time, from the import of the firmware on a provisioned board. Half a minute.
"""

import asyncio
import json
import secrets
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "firmware"), str(ROOT / "firmware" / "tools"), str(ROOT / "tests" / "device")]

from rig import NOW, Issuer, policy, provisioned  # noqa: E402
from seal import buyer, cbor, rpc  # noqa: E402
from seal.owner import Owner  # noqa: E402
from seal.records import ORDER_RECORD  # noqa: E402

import build  # noqa: E402
from tests.pico.rig import Pico, folder, image  # noqa: E402

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
from seal import app, cbor, compat, device, rpc
from seal.seller import Seller
from seal.service import Service
loaded = time.ticks_diff(time.ticks_ms(), began)
free("loaded")
this = device.Device(board.make())
this.load()
compat.settle_heap()
handlers = Service(this).handlers()
handlers.update(Seller(this).handlers())
free("booted")
def ask(kind, item):
    reply, result = rpc.answer(handlers, kind, cbor.decode(item))
    print(cbor.encode([reply, result]).hex())
    result = None
    gc.collect()
    print(gc.mem_free())
"""


FIRST = """
began = time.ticks_ms()
again = device.Device(board.make())
again.load()
again.sample()
print(loaded + time.ticks_diff(time.ticks_ms(), began))
again = None
"""


class Guest:
    """The firmware in the Pico, as something that answers requests."""

    def __init__(self, pico: Pico) -> None:
        self._pico = pico
        self.free: dict[str, int] = {}

    def note(self, what: str, size: int) -> None:
        """Keep and print a figure: the least where there are more."""
        self.free[what] = min(size, self.free.get(what, size))
        print(f"{what:28}{size:>8,}", flush=True)

    def run(self, script: str) -> None:
        """Note what a script prints: a word or more, and bytes."""
        for line in self._pico.run(script).splitlines():
            what, _, size = line.rpartition(" ")
            self.note(what, int(size))

    def ask(self, what: str, kind: int, item: object) -> object:
        """The result; prints how much heap is left when it was made. Raises PeerError."""
        said = self._pico.run(f"ask({kind}, {cbor.encode(item)!r})").split()
        self.note(what, int(said[1]))
        reply, result = cbor.decode(bytes.fromhex(said[0]))
        if reply == rpc.ERROR:
            raise rpc.PeerError(result[0])
        return result

    async def call(self, kind: int, item: object) -> object:
        """As `rpc.Client`."""
        return self.ask("selling", kind, item)


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


def switched_on(uf2: Path, board: Path) -> tuple[Pico, int]:
    """A Pico with the board's whole firmware, and the bytes of that."""
    arch = json.loads((board / "board.json").read_text())["arch"]
    files = compiled_firmware(arch)
    with tempfile.TemporaryDirectory() as out:
        for name in ("board", "wiring"):
            target = Path(out) / f"{name}.mpy"
            build.compile_module(board / f"{name}.py", target, arch, f"{name}.py")
            files[target.name] = target.read_bytes()
    pico = noisy(Pico(uf2))
    pico.mount(files)
    return pico, sum(map(len, files.values()))


def figures(uf2: Path, board: Path) -> dict[str, object]:
    """{"mpy_total": bytes, "heap_free": {step: bytes}, "first_reading_ms": of the guest's time}."""
    pico, total = switched_on(uf2, board)
    print(f"{'firmware, .mpy':28}{total:>8,}", flush=True)
    guest, issuer, nonce = Guest(pico), Issuer(), secrets.token_bytes(32)
    guest.run(BOOT)
    guest.ask("key made", rpc.EVIDENCE, nonce)
    public = bytes.fromhex(pico.run("print(this.public.hex())"))
    guest.ask("provisioned", rpc.GRANT, issuer.grant(public, nonce, policy()))
    selling = type("Selling", (), {"device_id": bytes.fromhex(pico.run("print(this.device_id.hex())"))})
    first = int(pico.run(FIRST))
    print(f"{'first signed reading, ms':28}{first:>8,}", flush=True)
    guest.ask("owner's offer", rpc.COMMAND, issuer.command(selling, "offer", ["nEUR", "reading", 3]))
    guest.run("this.sample()\nfree('sampled')")
    guest.ask("readings sent", rpc.READINGS, [0, 8])
    guest.ask("signing", rpc.BENCH, 1)
    sell(guest, issuer, selling)
    return {"mpy_total": total, "heap_free": guest.free, "first_reading_ms": first}


def sell(guest: Guest, issuer: Issuer, selling: type) -> None:
    """A trade of two readings with a device of this process."""
    buying = provisioned(issuer, policy())
    wanted = {1: "tcp:127.0.0.1:1", 2: selling.device_id, 3: "nEUR", 4: "reading", 5: 6, 7: 0}
    Owner(buying).command(issuer.command(buying, "trade", wanted, seq=NOW))
    session = buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), guest)

    async def trade() -> None:
        await session.agree()
        for _ in range(2):
            await session.step()
        await session.close()

    asyncio.run(trade())


def main(name: str = "pico") -> None:
    uf2 = image()
    if uf2 is None:
        raise SystemExit("name a MicroPython image for the Pico in SEALWRIGHT_PICO_UF2")
    figures(uf2, ROOT / "boards" / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
