"""The curve's engine with UMAAL on a Cortex-M33: chosen where the core has the instruction, and what it gains."""

import pytest

from tests.pico.curve import secrecy

from . import counting, firmware, machine

ENGINES = ("asm_umaal", "asm_thumb", "viper")
FIXED = [*secrecy.FIELD, *secrecy.OTHERS, *secrecy.INVERSES, *secrecy.WHOLE]
SOME = list(range(0, 64, 8))  # of the secrets, edges and random ones
MANY = list(range(24))  # with zeros enough at the end for the leaks to show

CHOSEN = """
from seal import p256
public = p256.public_key(bytes(31) + b"\\5")
print(p256.engine, p256.verify(public, bytes(32), p256.sign(bytes(31) + b"\\5", bytes(32))))
"""
# what a board does, three times; a stranger's key is checked by another table than its own
WORK = """
from hashlib import sha256
from seal import p256
from seal.p256 import points
def h(i):
    return sha256(bytes((i,))).digest()
area, secret = points.FIELD.area, h(99)
p256.engine, p256._engine = p256.choose(("plain",))
keys = [p256.public_key(h(i)) for i in range(3)]
signed = [p256.sign(h(i), h(50), b"", keys[i]) for i in range(3)]
for name in ENGINES:
    p256.engine, p256._engine = p256.choose((name,))
    f, run = p256.native().points.f, p256.native().points._run
    public = p256.public_key(secret)
    good = p256.sign(secret, h(50), b"", public)
    for i in range(3):
        count(lambda a, b, c: run(0, area, PRODUCTS, f), 0, 0, 0)
        count(lambda a, b, c: p256.public_key(secret), 0, 0, 0)
        count(lambda a, b, c: p256.sign(secret, h(i), h(i), public), 0, 0, 0)
        count(lambda a, b, c: p256.verify(keys[i], h(50), signed[i]), 0, 0, 0)
        count(lambda a, b, c: p256.verify(public, h(50), good), 0, 0, 0)
"""
ROWS = ("a thousand products", "key pair", "signature, verified", "verify, a new key", "verify, a known key")


@pytest.fixture(autouse=True)
def qemu():
    machine.require("m33")


@pytest.mark.parametrize(("dsp", "engine"), [("on", "asm_umaal"), ("off", "asm_thumb")])
def test_a_core_without_the_instruction_is_not_tried_on_it(dsp, engine, tmp_path):
    """Without its DSP extension the core would stop at UMAAL, and nothing could catch that."""
    files = {path: data for path, data in firmware.shipped("m33").items() if path.startswith("seal/")}
    options = ("-global", f"iotkit.CPU0_DSP={dsp}")
    assert machine.run("m33", files, CHOSEN, tmp_path, options=options).split() == [engine, "True"]


def test_instructions_do_not_depend_on_secrets(tmp_path):
    """The jobs whose cycles are counted on an emulated Pico, on the engine that a Pico 2 W has."""
    jobs = {**dict.fromkeys(FIXED, SOME), **dict.fromkeys(secrecy.LEAKS, MANY)}
    script = secrecy.SCRIPT + "assert p256.engine == 'asm_umaal'\n" + f"pairs = {secrecy.pairs()!r}\n"
    got = counting.counts(script + "".join(f"every({job!r}, {chosen!r})\n" for job, chosen in jobs.items()), tmp_path)
    kinds, at = {}, 0
    for job, chosen in jobs.items():
        kinds[job] = set(got[at + 2 : at + 2 + len(chosen)])  # the first two of a kind are of no use, see `guest`
        at += 2 + len(chosen)
    assert at == len(got)
    assert {job: len(kinds[job]) for job in FIXED} == dict.fromkeys(FIXED, 1), kinds
    assert all(len(kinds[job]) > 3 for job in secrecy.LEAKS), kinds


def test_the_field_code_of_its_own_core_is_what_a_pico_2_w_gains_by(tmp_path):
    script = f"ENGINES = {ENGINES!r}\nPRODUCTS = b'C=A*B ' * 1000 + b'\\0'\n"
    got = counting.counts(script + WORK, tmp_path, counting.LONG)
    rows = len(ROWS)
    assert len(got) == 3 * rows * len(ENGINES)
    table = {}
    for i, engine in enumerate(ENGINES):
        own = got[i * 3 * rows : (i + 1) * 3 * rows]
        table[engine] = [sorted(own[row::rows])[1] for row in range(rows)]
    for row, what in enumerate(ROWS):
        umaal = table["asm_umaal"][row]
        print(what, *(f"{engine} {table[engine][row]:,} ({table[engine][row] / umaal:.2f})" for engine in ENGINES))
        assert umaal < table["asm_thumb"][row] < table["viper"][row]
    assert table["asm_umaal"][0] < table["asm_thumb"][0] / 5
