"""Instructions that the Cortex-M33 in QEMU executes, counted: QEMU's time is their number, and SysTick tells it.

Instructions are not cycles: a chip waits for memory, and takes more than one cycle for some of them.
"""

import tempfile
from pathlib import Path
from typing import Final

from . import firmware, machine

EXACT, LONG = 8, 0  # each instruction takes 2 to this ns: five ticks tell it from the next; 800 million fit the timer
_TICK: Final = 50  # ns, of the AN505's 20 MHz

# `count(f, a, b, c)` counts a call, in ticks, as the next of `ticks`, which has its room beforehand
COUNT: Final = """
import micropython
@micropython.viper
def _start(csr: ptr32):
    csr[1] = 0xFFFFFF
    csr[0] = 5
@micropython.viper
def _counted(f, a, b, c) -> int:
    timer = ptr32(0xE000E010)
    start = timer[2]
    f(a, b, c)
    return (start - timer[2]) & 0xFFFFFF
def _nothing(a, b, c):
    pass
ticks, taken = [0] * 400, 0
def count(f, a, b, c):
    global taken
    ticks[taken] = _counted(f, a, b, c) - idle
    taken += 1
_start(0xE000E010)
idle = 0
for _ in range(3):
    idle = _counted(_nothing, 0, 0, 0)
"""


def counts(script: str, folder: Path, counted: int = EXACT) -> list[int]:
    """Instructions of each call that `script` counts, on all the curve's engines; fewer than 400 calls."""
    files = {path: data for path, data in firmware.compiled("m33").items() if path.startswith("seal/")}
    with tempfile.TemporaryDirectory() as source:
        path = Path(source, "counted.py")
        path.write_text(COUNT + script)
        files["counted.mpy"] = firmware.script(path, "m33")
    options = ("-icount", f"shift={counted},sleep=off")
    said = machine.run("m33", files, "import counted as c\nprint(c.ticks[:c.taken])", folder, options=options)
    return [round(int(text) * _TICK / 2**counted) for text in said.strip(" []\r\n").split(",")]
