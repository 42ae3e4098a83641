"""What a key in an ATECC608 costs on an emulated Pico, beside one in software: heap, and milliseconds a signature.

The chip is the model, and each of its commands takes what the data sheet says at most.
"""

import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

from sealwright.emulator.pico.bus import solder

from tests.pico.rig import Pico
from tests.pico.rows import Row
from tests.pico.whole import ROOT, compiled_firmware

SCRIPT = """
import gc, os, time
from machine import I2C, Pin
from seal import p256
import keystore.finding
from keystore.atecc608 import Atecc608
from keystore.software import SoftwareKeyStore
class Store:
    def __init__(self):
        self.files = {}
    def read(self, name):
        return self.files.get(name)
    def write(self, name, data):
        self.files[name] = data
class Entropy:
    extras = []
class Wiring:
    ELEMENTS_ON_I2C = [keystore.finding.atecc608]
def mean(act, count=5):
    act()
    start = time.ticks_us()
    for _ in range(count):
        act()
    return time.ticks_diff(time.ticks_us(), start) // count
software = SoftwareKeyStore(Store())
software.generate(0, os.urandom)
digest = bytes(32)
bus = I2C(0, sda=Pin(4), scl=Pin(5), freq=100_000)
found = [mean(lambda: software.sign(0, digest))]
empty = SoftwareKeyStore(Store())
gc.collect()
before = gc.mem_free()
keys = keystore.finding.find(bus, Wiring, Store(), empty, Entropy)
gc.collect()
found.append(before - gc.mem_free())
start = time.ticks_us()
keys.lock(keys.report()[4])
found.append(time.ticks_diff(time.ticks_us(), start))
start = time.ticks_us()
keys.generate(0, None)
found.append(time.ticks_diff(time.ticks_us(), start))
chip = Atecc608(bus)
found.append(mean(lambda: chip.sign(0, digest)))
found.append(mean(lambda: keys.sign(0, digest)))
gc.collect()
before = gc.mem_free()
keys.attest(digest)
gc.collect()
found.append(before - gc.mem_free())
found.append(mean(lambda: keys.attest(digest), 3))
print(found)
"""


ROWS = (
    Row("signature with a key in software", "ms"),
    Row("heap of the ATECC608's driver and keystore", "bytes"),
    Row("ATECC608 locked", "ms"),
    Row("key made in it and locked", "ms"),
    Row("signature of the ATECC608", "ms"),
    Row("the same, checked, as it is used", "ms"),
    Row("heap of its attestation, once asked for", "bytes"),
    Row("attestation of the ATECC608, checked", "ms"),
)


def rows(uf2: Path) -> Iterator[tuple[Row, float | None]]:
    """See `tests.pico.rows`."""
    pico = Pico(uf2)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):  # the chip's memory
        solder(pico.mcu.i2c[0], ROOT / "boards", [], lambda: int(pico.seconds * 1000), "atecc608")
        pico.mount(compiled_firmware("armv6m"))
        printed = pico.run(SCRIPT)
    for row, figure in zip(ROWS, map(int, printed.strip(" []\n").split(",")), strict=True):
        yield row, figure if row.unit == "bytes" else round(figure / 1000)
