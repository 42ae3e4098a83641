"""The engines on 32-bit words: published vectors and other libraries' answers, in an emulated Pico.

Of Wycheproof a test for each of its flags, valid and invalid, and every fifth; all of them in `make vectors`. On
`viper`, where a verification costs a second of ours, every tenth. Of the other oracles the first ones, which are those
at the edges. The same field code meets every vector on x64 (tests/vectors).
"""

import itertools
import json
import os
import sys

import pytest

from tests.pico import guest
from tests.pico.rig import Pico

sys.path.insert(0, str(guest.ROOT / "tests" / "vectors"))

import p256_cases as cases
import p256_oracles as oracles

WYCHEPROOF = cases.PYCRYPTODOME / "Signature" / "wycheproof" / "ecdsa_secp256r1_sha256_p1363_test.json"

RUNNER = """
from binascii import hexlify, unhexlify
from seal.errors import SealError
OPS = {
    "verify": lambda c: p256.verify(c["public"], c["digest"], c["signature"]),
    "sign": lambda c: p256.sign(c["secret"], c["digest"], c["extra"]),
    "public": lambda c: p256.public_key(c["secret"]),
    "check": lambda c: p256.check_public(c["public"]),
    "decompress": lambda c: p256.decompress(c["compressed"]),
}
def answer(op, arguments):
    try:
        result = OPS[op]({name: unhexlify(value) for name, value in arguments.items()})
    except SealError as error:
        return type(error).__name__
    return hexlify(result).decode() if isinstance(result, bytes) else str(result)
"""
NUMBERS = """
import json
from seal.p256 import points
native = p256.native()
f, do = native.points.f, native.points.do
def put(slot, number):
    f[32 * slot : 32 * slot + 32] = number.to_bytes(32, "little")
def get(slot):
    return int.from_bytes(f[32 * slot : 32 * slot + 32], "little")
def field(a, b):
    put(1, a)
    put(2, b)
    do(b"C=A*B D=A+B E=A-B N=A*A A=A+A \0")
    return [get(slot) for slot in (3, 4, 5, 14, 1)]
def inverse(modulus, a):
    put(1, a)
    getattr(points, modulus).invert(f, 1)
    return get(1)
def scalar(a, b):
    put(1, a)
    put(2, b)
    native.points.order(b"C=A*B D=A+B E=A-B \0")
    return [get(slot) for slot in (3, 4, 5)]
"""
P, N = 2**256 - 2**224 + 2**192 + 2**96 - 1, oracles.N


def numbers(modulus: int) -> list[int]:
    edges = [0, 1, 2, modulus - 1, modulus - 2, modulus // 2, 1 << 255, (1 << 224) - 1, (1 << 96) - 1, (1 << 192) + 1]
    return edges + [int(pattern * 32, 16) % modulus for pattern in ("55", "FE", "80", "01", "7F")]


def is_slow(pico: Pico) -> bool:
    """Whether a verification takes a second of ours."""
    return pico.run("print(p256.engine)").strip() == "viper"


def run(pico: Pico, wanted: list[cases.Case]) -> None:
    """Ask each case and compare."""
    pico.run(RUNNER)
    for case in wanted:
        arguments = {name: value for name, value in case.items() if name not in ("op", "id", "want")}
        got = pico.run(f"print(answer({case['op']!r}, {arguments!r}))").strip()
        assert got == case["want"], (case["id"], got)


def of_every_flag() -> list[cases.Case]:
    """A few of Wycheproof's tests in which each of its flags is, valid and invalid: greedily, those with most first."""
    flags: dict[str, set[tuple[str, str]]] = {}
    for group in json.loads(WYCHEPROOF.read_text())["testGroups"]:
        for test in group["tests"]:
            name = f"{WYCHEPROOF.stem} {test['tcId']} {test['comment']}"
            flags[name] = {(flag, test["result"]) for flag in test["flags"] or ["none"]}
    left, chosen = set().union(*flags.values()), set()
    assert len(left) > 8
    while left:
        best = max(flags, key=lambda name: len(flags[name] & left))
        chosen.add(best)
        left -= flags[best]
    return [case for case in cases.wycheproof_p1363(WYCHEPROOF) if case["id"] in chosen]


def asked(pico: Pico, call: str, arguments: list[tuple[int, ...]]) -> list[object]:
    """What a function of NUMBERS gives for each of many arguments."""
    pico.run(NUMBERS)
    answers = []
    for i in range(0, len(arguments), 20):  # a script is read into the heap whole
        answers += json.loads(pico.run(f"print([{call}(*a) for a in {arguments[i : i + 20]!r}])"))
    return answers


def test_field(pico):
    form, pairs = pow(2, -256, P), list(itertools.product(numbers(P), numbers(P)[::6]))
    for (a, b), got in zip(pairs, asked(pico, "field", pairs), strict=True):
        assert got == [a * b * form % P, (a + b) % P, (a - b) % P, a * a * form % P, 2 * a % P], (a, b)


def test_order(pico):
    form, pairs = pow(2, -256, N), list(itertools.product(numbers(N), numbers(N)[::6]))
    for (a, b), got in zip(pairs, asked(pico, "scalar", pairs), strict=True):
        assert got == [a * b * form % N, (a + b) % N, (a - b) % N], (a, b)


@pytest.mark.parametrize(("name", "modulus"), [("FIELD", P), ("ORDER", N)], ids=["P", "N"])
def test_inverses(pico, name, modulus):
    values = numbers(modulus)
    answers = asked(pico, "inverse", [(name, a) for a in values])
    assert answers == [pow(a, -1, modulus) if a else 0 for a in values]


def test_wycheproof(pico):
    every = list(cases.wycheproof_p1363(WYCHEPROOF))
    if is_slow(pico):
        run(pico, of_every_flag() + every[::10])
    else:
        run(pico, every if os.environ.get("SEALWRIGHT_WHOLE") else of_every_flag() + every[::5])


def test_public_keys(pico):
    run(pico, list(cases.base_multiples())[:: 4 if is_slow(pico) else 1])


def test_signatures(pico):
    run(pico, list(oracles.signatures(4 if is_slow(pico) else 12)))


def test_verdicts(pico):
    run(pico, list(oracles.verdicts(4 if is_slow(pico) else 12)))


def test_bad_keys_and_bad_signatures(pico):
    wanted = [case for case in cases.wycheproof_points() if case["want"] == "BadKey"][::25]
    wanted += [case for case in cases.nist_pkv("FIPS_186-3") if case["want"] == "BadKey"][:3]
    good = next(oracles.verdicts(1))
    edges = [bytes(32), N.to_bytes(32, "big"), (N + 1).to_bytes(32, "big"), b"\xff" * 32]
    half = good["signature"][:64]
    wanted += [good | {"id": f"r {e.hex()}", "signature": e.hex() + half, "want": "False"} for e in edges]
    wanted += [good | {"id": f"s {e.hex()}", "signature": half + e.hex(), "want": "False"} for e in edges]
    wanted += [good | {"id": "short", "signature": half, "want": "Malformed"}]
    wanted += [good | {"id": "infinity", "public": "00" * 64, "want": "BadKey"}]
    wanted += [good | {"id": "short key", "public": good["public"][:-2], "want": "BadKey"}]
    run(pico, wanted)
