"""The curve in an emulated Pico: which files it gets, and what scripts there share."""

from pathlib import Path

from tests.pico.rig import Pico, folder

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("seal/__init__.mpy", "seal/errors.mpy", "seal/compat.mpy", "seal/hmac_drbg.mpy", "seal/ticks.mpy")
OF_ENGINE = {
    "asm_thumb": {"asm_thumb.mpy", "thumb_field.mpy", "thumb_probe.mpy"},
    "viper": {"viper.mpy", "viper_field.mpy"},
    "plain": {"plain.mpy"},
}

# `count(f, a, b, c)` marks a call for `Pico.cycles`; `quietly` makes calls after what an interrupt left to do is done,
# while no other comes. The first two of a kind are of no use: MicroPython caches where it found a name.
COUNT = """
import machine, time
machine.Pin(2, machine.Pin.OUT, value=0)
@micropython.viper
def count(f, a, b, c):
    rise = ptr32(0xD0000014)
    fall = ptr32(0xD0000018)
    rise[0] = 1 << 2
    f(a, b, c)
    fall[0] = 1 << 2
def quietly(call):
    time.sleep_ms(2)
    was = machine.disable_irq()
    try:
        call()
    finally:
        machine.enable_irq(was)
"""


def files(built: Path, engine: str) -> dict[str, bytes]:
    """What a Pico gets that is to run one engine and no other."""
    others = set().union(*(names for name, names in OF_ENGINE.items() if name != engine))
    return {
        name: data
        for name, data in folder(built).items()
        if name in NEEDED or name.startswith("seal/p256/") and name.rpartition("/")[2] not in others
    }


def boot(uf2: Path, built: Path, engine: str) -> Pico:
    """A Pico at its raw REPL with `p256` imported, on the engine."""
    pico = Pico(uf2)
    pico.mount(files(built, engine))
    assert pico.run("from seal import p256; print(p256.engine)") == engine + "\n"
    pico.run(COUNT)
    return pico
