"""How long a provisioned Pico takes from power to its first signed reading, by its own clock.

Its flash holds what a board's holds: MicroPython, boot.py, main.py, the loader, the firmware in slot a, and the state
of a device that was provisioned before. The flash is read at the processor's own pace, and written in no time.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from sealwright import targets
from sealwright.emulator.pico import image

from tests.pico.preload import FILES_AT, file_system
from tests.pico.rig import Pico
from tests.pico.rows import Row
from tests.pico.whole import ROOT, Whole, noisy

# a version's first boot tries the curve's engine
FIRST_OF_A_VERSION = Row("power to the first signed reading, after an update", "ms")
FIRST = Row("power to the first signed reading", "ms", 2000)

_READING = b"\x10\x19\xfd\xea"  # in its header: the key 16, and the type 65002
_LOOK_EVERY = 10  # milliseconds of the guest's time
_STATE = """
import os
for name in os.listdir("/state"):
    print(name, open("/state/" + name, "rb").read().hex())
"""


def provisioned_flash(uf2: Path, board: Path) -> bytes:
    """The 2 MB of a board that is deployed and provisioned, and has no readings."""
    guest = Whole(uf2, board)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        targets.compile_for(targets.find(board.name)).lay_out(folder)
        (folder / "state").mkdir()
        for line in guest.pico.run(_STATE).splitlines():
            name, _, content = line.partition(" ")
            (folder / "state" / name).write_bytes(bytes.fromhex(content))
        return image.read(uf2)[:FILES_AT] + file_system(folder)


def first_reading(uf2: Path, flash: bytes) -> tuple[float, bytes]:
    """(seconds from power to the first reading on flash, the flash then)."""
    pico = noisy(Pico(uf2, flash))
    before, looked = flash[FILES_AT:].count(_READING), 0.0

    def is_there() -> bool:
        nonlocal looked
        if pico.seconds < looked:
            return False
        looked = pico.seconds + _LOOK_EVERY / 1000
        return bytes(pico.mcu.flash[FILES_AT : len(flash)]).count(_READING) > before

    seconds = pico.wait(is_there)
    return seconds, bytes(pico.mcu.flash[: len(flash)])


def rows(uf2: Path, board: Path = ROOT / "boards" / "pico") -> Iterator[tuple[Row, float | None]]:
    """See `tests.pico.rows`."""
    flash = provisioned_flash(uf2, board)
    seconds, flash = first_reading(uf2, flash)
    yield FIRST_OF_A_VERSION, round(1000 * seconds)
    seconds, _ = first_reading(uf2, flash)
    yield FIRST, round(1000 * seconds)
