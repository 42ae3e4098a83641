"""The device's messages are the same bytes on the ESP32-C3's and the RP2350's processors as under CPython."""

import json
from pathlib import Path

import pytest

from tests.vectors.interpreters import run

from . import firmware, machine

PARITY = Path(__file__).resolve().parents[1] / "parity"
RIG = PARITY.parent / "device" / "rig.py"
# as main.py does: what imports leave stays together, and free memory in one piece
RUN = "import gc\ngc.threshold(16384)\nimport seal.p256, by_hand\nby_hand.main()\n"


@pytest.mark.parametrize("name", machine.KINDS)
def test_messages_have_the_bytes_of_cpython(name, tmp_path):
    machine.require(name)
    files = dict(firmware.whole(name))
    for path in (PARITY / "by_hand.py", PARITY / "fixed.py", RIG):
        files[f"{path.stem}.mpy"] = firmware.script(path, name)
    there = machine.run(name, files, RUN, tmp_path).splitlines()
    here = run("cpython", PARITY / "by_hand.py")
    assert len(there) == len(here) >= 40
    for ours, theirs in zip(here, there, strict=True):
        assert json.loads(ours) == json.loads(theirs)


IMPORT = """
import gc
gc.threshold(16384)
import seal.p256
seal.p256.forget(False)  # tables of keys, which are no code
for name in %r:
    __import__(name)
    print(name)
    gc.collect()
"""


UNRUN = {"seal.__init__", "seal.link_ports", "seal.ports", "seal.slots"}


@pytest.mark.parametrize("name", machine.KINDS)
def test_every_module_of_the_package_loads(name, tmp_path):
    """All of them at once, in the heap that a board has; `ports` and `slots` are for type checkers alone."""
    machine.require(name)
    files = firmware.compiled(name)
    names = [path.removesuffix(".mpy").replace("/", ".") for path in files if path.count("/") == 1]
    wanted = [one for one in names if one.startswith("seal.") and one not in UNRUN]
    assert len(wanted) > 40
    assert machine.run(name, files, IMPORT % wanted, tmp_path).splitlines() == wanted
