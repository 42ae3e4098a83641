"""A flipped bit on the engine `asm_thumb`: in the table, in what a nonce gave, in the result. No signature leaves."""

import pytest

SCRIPT = """
import sys
from seal.errors import Fault
from seal.p256 import points
native, secret, good = p256.native(), b"\\1" * 32, points.POINTS
public = p256.public_key(secret)
def use(table):
    points.POINTS = sys.modules["seal.p256.native"].POINTS = table
    native.points._blinded = False
def flipped(name, slot):
    real = getattr(native, name)
    def call(*arguments):
        result = real(*arguments)
        native.f[32 * slot + 9] ^= 16
        return result
    setattr(native, name, call)
    return real
def outcome():
    try:
        p256.sign(secret, bytes(32), b"", public)
        return "released"
    except Fault:
        return "fault"
"""
FAULTS = {
    "table": "bad = bytearray(good)\nfor i in range(0, 4096, 64): bad[i] ^= 1\nuse(bad)\nprint(outcome())\nuse(good)",
    "nonce": "real = flipped('prepare', 19)\nprint(outcome())\nnative.prepare = real",
    "result": "real = flipped('_finish', 21)\nprint(outcome())\nnative._finish = real",
}


@pytest.mark.parametrize("where", list(FAULTS))
def test_a_flipped_bit(boot, where):
    pico = boot("asm_thumb")
    pico.run(SCRIPT)
    assert pico.run(FAULTS[where]).strip() == "fault"
    assert pico.run("print(outcome())").strip() == "released"
