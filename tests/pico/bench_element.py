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
found.append(mean(lambda: keys._chip.sign(0, digest)))
found.append(mean(lambda: keys.sign(0, digest)))
print(found)
"""


ROWS = (
    Row("signature with a key in software", "us"),
    Row("heap of the chip's driver and keystore", "bytes"),
    Row("chip locked", "us"),
    Row("key made and locked", "us"),
    Row("signature of the chip", "us"),
    Row("the same, checked", "us"),
)


def rows(uf2: Path) -> Iterator[tuple[Row, float | None]]:
    """See `tests.pico.rows`."""
    pico = Pico(uf2)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):  # the chip's memory
        solder(pico.mcu.i2c[0], ROOT / "boards", [], lambda: int(pico.seconds * 1000), "atecc608")
        pico.mount(compiled_firmware("armv6m"))
        printed = pico.run(SCRIPT)
    yield from zip(ROWS, map(int, printed.strip(" []\n").split(",")), strict=True)
