"""The counts of an emulated Pico's flash are those of the operations it was told."""

import pytest
from sealwright.emulator.pico.wear import Wear

from tests.pico.conftest import NO_IMAGE
from tests.pico.rig import Pico, image

pytestmark = pytest.mark.skipif(image() is None, reason=NO_IMAGE)

APPENDS = """
for _ in range(3):
    with open("/log", "ab") as file:
        file.write(bytes(600))
"""


def test_every_operation_is_counted_and_charged():
    pico = Pico(image())
    wear = Wear(pico.mcu)
    pico.run("import rp2\nflash = rp2.Flash()")
    for script, erases, pages in (
        ("flash.ioctl(6, 300)", 1, 0),
        ("flash.ioctl(6, 300)", 1, 0),  # of a block that is erased already
        ("flash.writeblocks(300, bytes(256), 0)", 0, 1),
        ("flash.writeblocks(300, bytes(256), 0)", 0, 1),
        ("flash.writeblocks(301, b'\\xff' * 1024, 0)", 0, 4),  # nothing changes by it
        ("flash.writeblocks(300, bytes(4096))", 1, 16),
        ("flash.readblocks(300, bytearray(4096))", 0, 0),
    ):
        before = wear.erases, wear.pages
        pico.run(script)
        assert (wear.erases - before[0], wear.pages - before[1]) == (erases, pages), script
    assert wear.milliseconds == pytest.approx(3 * 45 + 22 * 0.4)
    before = wear.erases
    pico.run(APPENDS)
    assert wear.erases - before >= 3, "LittleFS copies an unfinished block at every append"
