"""What readings and payments wear of a Pico's flash, how long the flash takes, and how many years it lasts.

On the emulated Pico: erases, pages and milliseconds by `sealwright.emulator.pico.wear`, of the real image. Signatures
are made once, so that hundreds of readings take seconds: what is written has the same size. On the unix port
`tests/device/wear.py`: 10,000 readings and 1,000 payments, and how evenly LittleFS spreads them; it needs the place of
every erase, which the emulated Pico does not show.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sealwright.emulator.pico.wear import Wear

from tests.pico.bench_trade import buy, sell
from tests.pico.rows import Row
from tests.pico.whole import ROOT, Whole

READINGS = 160  # two segments of readings and more
SCRIPT = ROOT / "tests" / "device" / "wear.py"

QUICK = """
from seal import cose
class Quick:
    def __init__(self, signer):
        self.kid, self.signature = signer.kid, bytes(64)
    def sign(self, kind, payload, claims):
        protected, body = cose.build(kind, self.kid, payload, claims)
        return cose.envelope(protected, body, self.signature), cose.sha256(cose.sig_structure(protected, body))
this.log.load(Quick(this.signer))
"""
SPREAD = {
    "reading_erases": Row("10,000 readings: erases each", "", 1 / 16),
    "reading_pages": Row("10,000 readings: pages each", ""),
    "payment_erases": Row("1,000 payments taken: erases each", "", 1),
    "payment_pages": Row("1,000 payments taken: pages each", ""),
    "years": Row("years, a reading each 10 s, a payment each 100 s", "", 50, is_least=True),
    "mean_of_a_block": Row("erases of a block, mean", ""),
    "most_of_a_block": Row("erases of a block, most", ""),
    "ratio": Row("the most by the mean", "", 3),
}


def readings(guest: Whole, wear: Wear) -> Iterator[tuple[Row, float | None]]:
    """Readings one by one; the worst is one for which blocks are erased ahead."""
    guest.pico.run(QUICK)
    begun, most = (wear.erases, wear.pages, wear.milliseconds), 0.0
    for _ in range(READINGS):
        before = wear.milliseconds
        guest.pico.run("this.sample()")
        most = max(most, wear.milliseconds - before)
    guest.pico.run("this.log.load(this.signer)")
    yield Row("a reading: erases", "", 1 / 16), (wear.erases - begun[0]) / READINGS
    yield Row("a reading: pages", ""), (wear.pages - begun[1]) / READINGS
    yield Row("a reading: flash time, mean", "ms"), round((wear.milliseconds - begun[2]) / READINGS, 2)
    yield Row("a reading: flash time, most", "ms", 300), most
    yield Row("a reading: bytes", ""), guest.number("print(len(this.log.last))")


def spread() -> Iterator[tuple[Row, float | None]]:
    """The figures of `tests/device/wear.py`."""
    places = [ROOT / "firmware", ROOT / "boards", ROOT / "tests" / "device"]
    command = [str(Path(sys.executable).parent / "micropython"), "-X", "heapsize=8m", str(SCRIPT)]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MICROPYPATH": ":".join([*map(str, places), ".frozen"])}
        ran = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    figures = json.loads(ran.stdout)
    figures["ratio"] = figures["most_of_a_block"] / figures["mean_of_a_block"]
    for name, row in SPREAD.items():
        yield row, round(figures[name], 4)


def rows(uf2: Path, board: Path = ROOT / "boards" / "pico") -> Iterator[tuple[Row, float | None]]:
    """See `tests.pico.rows`."""
    guest = Whole(uf2, board)
    wear = Wear(guest.pico.mcu)
    yield from readings(guest, wear)
    before = wear.milliseconds
    sell(guest)
    yield Row("a trade of 5 payments, selling: flash time", "ms"), wear.milliseconds - before
    before = wear.milliseconds
    guest.pico.run("compat.spend_reserve()")  # as the firmware does at the first refusal: here both codes are loaded
    buy(guest)
    yield Row("a trade of 5 payments, buying: flash time", "ms"), wear.milliseconds - before
    yield from spread()
