"""How long a Pico is awake a day, and what that takes: each act is measured in the emulator, and the day is computed.

Currents are those of boards/pico/board.json, with their source: nobody has measured a board. A nap here is what the
processor does around `machine.lightsleep`, which is left out, as is the time that its crystal and PLLs take there.
Flash takes no time, see `whole`.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from tests.pico.rows import Row
from tests.pico.whole import MEDIAN, ROOT, Whole

SECONDS, SAMPLES, WINDOW = 60, 10, 30  # a sample a minute, ten in a reading, half a minute awake after each
DAY = 86_400

NAP = Row("awake for a nap, with nothing to do", "ms")
SAMPLE = Row("awake for a sample that waits", "ms")
READING = Row(f"a reading of {SAMPLES} samples, signed", "ms")
SIZE = Row(f"a reading of {SAMPLES} samples", "bytes")
ACTS = Row("awake a day for samples, readings and naps (computed)", "ms")
AWAKE = Row(f"awake a day with {WINDOW} s after each reading (computed)", "ms")
ENERGY = Row("that takes a day (computed)", "mWh")
ALWAYS = Row("and without sleep (computed)", "mWh")

_GUEST = """
from seal.sampling import NAP_MS, Sampler
class Bed:
    def light(self, ms):
        return False
    def rise(self):
        pass
this.board.sleeper = Bed()
sampler = Sampler(this)
this.sample()
sampler._sampled = sampler._metered = time.ticks_ms()
def nap():
    this.rest.sleep(min(NAP_MS, sampler._due_in()))
    sampler._look()
def wait():
    this.batch.add(this.measure())
def sign():
    global raw
    for _ in range(%d):
        wait()
    began = time.ticks_us()
    raw, _ = this.append(this.measure())
    print(time.ticks_diff(time.ticks_us(), began))
"""


def rows(uf2: Path, board: Path = ROOT / "boards" / "pico") -> Iterator[tuple[Row, float | None]]:
    """See `tests.pico.rows`."""
    guest = Whole(uf2, board)
    guest.command("interval", {1: DAY, 2: SAMPLES, 3: WINDOW})
    guest.run(MEDIAN + _GUEST % (SAMPLES - 1))
    nap, sample = (guest.number(f"median({name})") / 1000 for name in ("nap", "wait"))
    guest.run("this.batch.clear()")
    reading = guest.number("sign()") / 1000
    yield NAP, nap
    yield SAMPLE, sample
    yield READING, reading
    yield SIZE, guest.number("print(len(raw))")
    acts = day(nap, sample, reading)
    awake = acts + DAY / SECONDS / SAMPLES * WINDOW * 1000
    yield ACTS, round(acts)
    yield AWAKE, round(awake)
    yield ENERGY, energy(board, awake)
    yield ALWAYS, energy(board, DAY * 1000)


def day(nap: float, sample: float, reading: float) -> float:
    """Milliseconds a day, of a nap a second, a sample every SECONDS and a reading for SAMPLES of them."""
    count = DAY / SECONDS
    return DAY * nap + count * (1 - 1 / SAMPLES) * sample + count / SAMPLES * reading


def energy(board: Path, awake: float) -> float:
    """mWh a day of a board that is awake for so many milliseconds of it, at its board.json's currents."""
    power = json.loads((board / "board.json").read_text())["power"]
    on, off, volts = (float(Decimal(power[name])) for name in ("awake_mA", "asleep_mA", "volts"))
    share = awake / (DAY * 1000)
    return round((on * share + off * (1 - share)) * volts * 24)
