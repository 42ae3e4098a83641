"""The heap that is left on an emulated Pico: after boot, provisioned, sampling, signing and selling.

    SEALWRIGHT_PICO_UF2=IMAGE python tests/pico/heap.py [BOARD]

The guest runs a board's whole firmware, compiled, over its own flash; a device under CPython buys from it. Each line is
the smallest `gc.mem_free()` after a collection at the end of a step, in bytes. Takes some minutes.
"""

import asyncio
import json
import secrets
import sys
import tempfile
from pathlib import Path

from rp2040py.peripherals.peripheral import BasePeripheral

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "firmware"), str(ROOT / "firmware" / "tools"), str(ROOT / "tests" / "device")]

from rig import NOW, Issuer, policy, provisioned  # noqa: E402
from seal import buyer, cbor, rpc  # noqa: E402
from seal.owner import Owner  # noqa: E402

import build  # noqa: E402
from tests.pico.rig import Pico, folder, image  # noqa: E402

ROSC = 0x40060  # its address, as the bus has it
WARM = 876  # the temperature channel at 27 Cel

BOOT = """
import gc, sys
gc.collect()
gc.threshold(8192)
def free(what):
    gc.collect()
    print(what, gc.mem_free())
free("nothing loaded")
import asyncio, board
from seal import app, cbor, compat, device, rpc
from seal.seller import Seller
from seal.service import Service
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


class Oscillator(BasePeripheral):
    """A ring oscillator whose random bit is one."""

    def read_uint32(self, offset: int) -> int:
        return secrets.randbits(1) if offset == 0x1C else 0xFFFF_FFFF

    def write_uint32(self, offset: int, value: int) -> None:
        pass


class Guest:
    """The firmware in the Pico, as something that answers requests."""

    def __init__(self, pico: Pico) -> None:
        self._pico = pico

    def ask(self, what: str, kind: int, item: object) -> object:
        """The result; prints how much heap is left when it was made. Raises PeerError."""
        said = self._pico.run(f"ask({kind}, {cbor.encode(item)!r})").split()
        print(f"{what:28}{int(said[1]):>8,}", flush=True)
        reply, result = cbor.decode(bytes.fromhex(said[0]))
        if reply == rpc.ERROR:
            raise rpc.PeerError(result[0])
        return result

    async def call(self, kind: int, item: object) -> object:
        """As `rpc.Client`."""
        return self.ask(f"selling, request {kind}", kind, item)


def noisy(pico: Pico) -> Pico:
    """The same Pico, with noise where the chip has it."""
    pico.mcu.peripherals[ROSC] = Oscillator(pico.mcu, "ROSC_BASE")
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


def switched_on(board: Path) -> Pico:
    """A Pico with the board's whole firmware."""
    uf2 = image()
    if uf2 is None:
        raise SystemExit("name a MicroPython image for the Pico in SEALWRIGHT_PICO_UF2")
    arch = json.loads((board / "board.json").read_text())["arch"]
    files = compiled_firmware(arch)
    with tempfile.TemporaryDirectory() as out:
        for name in ("board", "wiring"):
            target = Path(out) / f"{name}.mpy"
            build.compiled(board / f"{name}.py", target, arch, f"{name}.py")
            files[target.name] = target.read_bytes()
    print(f"{sum(map(len, files.values())):,} bytes of .mpy", flush=True)
    pico = noisy(Pico(uf2))
    pico.mount(files)
    return pico


def main(board: Path) -> None:
    pico = switched_on(board)
    print(pico.run(BOOT), end="", flush=True)
    guest, issuer, nonce = Guest(pico), Issuer(), secrets.token_bytes(32)
    guest.ask("key made", rpc.EVIDENCE, nonce)
    public = bytes.fromhex(pico.run("print(this.public.hex())"))
    guest.ask("provisioned", rpc.GRANT, issuer.grant(public, nonce, policy()))
    selling = type("Selling", (), {"device_id": bytes.fromhex(pico.run("print(this.device_id.hex())"))})
    guest.ask("owner's offer", rpc.COMMAND, issuer.command(selling, "offer", ["nEUR", "reading", 3]))
    for _ in range(3):
        print(pico.run("this.sample()\nfree('sampled')"), end="", flush=True)
    guest.ask("readings sent", rpc.READINGS, [0, 8])
    guest.ask("bench: sign, verify", rpc.BENCH, 1)
    buying = provisioned(issuer, policy())
    order = {1: "tcp:127.0.0.1:1", 2: selling.device_id, 3: "nEUR", 4: "reading", 5: 10, 7: 0}
    Owner(buying).command(issuer.command(buying, "trade", order, seq=NOW))
    session = buyer.Buyer(buying, buying.journal.get(buyer.RECORD), guest)

    async def trade() -> None:
        await session.agree()
        for _ in range(3):
            await session.step()
        await session.close()

    asyncio.run(trade())


if __name__ == "__main__":
    main(ROOT / "boards" / (sys.argv[1] if len(sys.argv) > 1 else "pico"))
