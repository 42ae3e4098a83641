"""What is done with secrets, as jobs whose steps are counted in an emulated Pico and in QEMU, and secrets for them.

A script defines `count(f, a, b, c)` first, which counts the steps of a call, and `pairs`: each secret and another.
"""

import hashlib

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
EDGES = [1, 2, 3, N - 1, N - 2, N - 3, N // 2, N // 2 + 1, 1 << 255, (1 << 255) - 1, 1 << 128, (1 << 64) - 1, 1 << 32]
EDGES += [0xFFFF << shift for shift in (0, 100, 239)] + [int("55" * 32, 16), int("AA" * 32, 16), int("01" * 32, 16)]
EDGES += [(1 << 200) + 1, 12345, (1 << 22) - 1, 1 << 22, sum(1 << 22 * i for i in range(12))]
SECRETS = EDGES + [
    int.from_bytes(hashlib.sha256(bytes([i])).digest(), "big") % N >> shift
    for i, shift in enumerate([0] * 20 + [8] * 8 + [40] * 4 + [128] * 4 + [200] * 4)
]

SCRIPT = """
import gc
from seal.p256 import limbs, nonce, points
from seal import p256
native = p256.native()
at, f, run, w, n = native.points, native.points.f, native.points._run, points.FIELD.area, points.ORDER.area
def formula(program, area=w):
    program += b"\0"
    return lambda a, b, c: run(0, area, program, f)
def scan(a, b, c):
    at._scan(f, points.POINTS, at._digits, 3)
def comb(a, b, c):
    limbs.move(f, f, 11, 29)
    at._comb()
def leaky(a, b, c):
    i = 0
    while i < 32 and f[32 * 29 + i] == f[32 * 31 + i]:
        i += 1
def branchy(a, b, c):
    for i in range(256):
        if f[32 * 29 + (i >> 3)] >> (i & 7) & 1:
            run(0, w, DOUBLED, f)
DOUBLED = b"A=A+A \0"
JOBS = {
    "multiply": formula(b"C=A*B "), "square": formula(b"C=A*A "),
    "add": formula(b"C=A+B "), "subtract": formula(b"C=A-B "),
    "double a point": formula(points.DOUBLE), "add a point": formula(points.ADD), "scan": scan, "fixed base": comb,
    "invert modulo P": lambda a, b, c: points.FIELD.invert(f, 1),
    "invert modulo N": lambda a, b, c: points.ORDER.invert(f, 1),
    "multiply modulo N": formula(b"C=A*B ", n), "add modulo N": formula(b"C=A+B ", n),
    "subtract modulo N": formula(b"C=A-B ", n),
    "recode": lambda a, b, c: limbs.recode(at._digits, f),
    "leaky": leaky, "branchy": branchy,
    "nonce pair": lambda a, b, c: native.prepare(drawn),
    "finish": lambda a, b, c: native._finish(drawn, drawn),
    "bytes": lambda a, b, c: native._bytes(18, 21),
    "nonce": lambda a, b, c: next(nonce.candidates(drawn, digest, drawn)),
}
drawn, digest = bytearray(32), bytes(32)
def measure(name, secret, other):
    limbs.swap(f, 32 * 29, secret, 0)
    for slot in (1, 22, 24):  # A, V, X
        limbs.move(f, f, slot, 29)
    limbs.swap(f, 32 * 2, other, 0)
    for slot in (23, 25, 26):  # W, Y, Z
        limbs.move(f, f, slot, 2)
    limbs.move(f, f, 11, 29)  # K
    limbs.recode(at._digits, f)
    drawn[:] = secret
    if name in ALLOCATES:
        gc.collect()
    count(JOBS[name], 0, 0, 0)
def every(name, chosen):
    for i in chosen[:2] + chosen:
        measure(name, *pairs[i])
# these take heap, and how long that is looked for depends on what lies there: each begins with it swept
ALLOCATES = ("fixed base", "nonce", "nonce pair", "finish", "bytes")
"""
FIELD = ["multiply", "square", "add", "subtract", "double a point", "add a point"]
OTHERS = ["scan", "recode", "multiply modulo N", "add modulo N", "subtract modulo N"]
INVERSES = ["invert modulo P", "invert modulo N"]
WHOLE = ["nonce", "nonce pair", "finish", "bytes"]  # all of a signature that is made of key, nonce or digest
LEAKS = ["leaky", "branchy"]  # these show that a count would tell


def pairs() -> list[tuple[bytes, bytes]]:
    return [(a.to_bytes(32, "big"), b.to_bytes(32, "big")) for a, b in zip(SECRETS, SECRETS[::-1], strict=True)]
