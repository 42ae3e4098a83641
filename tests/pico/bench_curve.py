"""The curve's figures for `bench`.

Times are the guest's own, by `ticks_us`: medians of 5. `sign_ms` is a signature: its nonce, r, s, and the engine's
check that s fits nonce, key and message; `sign_verified_ms` is all of p256.sign, with the verification that follows,
under the device's known key. `verify_ms` is under a key seen for the first time, `verify_known_ms` under one that has a
table.

`heap_bytes` is the least heap, to a KB, in which seal.p256 with `errors` and `hmac_drbg` is imported from .mpy files,
makes a key, signs and verifies under its own key and another: code, names and tables are in it, the interpreter's own
not.
`mpy_bytes` are the files of seal/p256 that a board gets, tables included.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.pico import guest
from tests.pico.rig import GuestError, Pico

ENGINES = ("asm_thumb", "viper", "plain")
HEAP_KB = (28, 92)  # where the least heap is looked for
TICKS = {"tick_reveal_ms": 3, "tick_check_ms": 0.4}
TARGETS: dict[str, dict[str, float]] = {  # at most, in ms
    "asm_thumb": {"keygen_ms": 45, "sign_ms": 65, "verify_ms": 200, "verify_known_ms": 75, "coupon_ms": 1, **TICKS},
    "viper": {"keygen_ms": 85, "sign_ms": 110, "verify_ms": 370, "verify_known_ms": 130, "coupon_ms": 1.5, **TICKS},
    "plain": {},
}

SCRIPT = """
import gc, os, time
from hashlib import sha256
from seal import p256, ticks
from seal.p256 import nonce
from seal.p256.coupon import Coupons
def median(call, before=None):
    times = []
    for i in range(5):
        argument = before(i) if before else i
        gc.collect()
        start = time.ticks_us()
        call(argument)
        times.append(time.ticks_diff(time.ticks_us(), start))
    return sorted(times)[2] / 1000
def h(i):
    return sha256(bytes((i,))).digest()
secret = h(99)
public = p256.public_key(secret)
good = p256.sign(secret, h(1), h(2), public)
coupons, out = Coupons(p256), {}
def sign(i):
    p256._engine.sign_with(secret, h(i), next(nonce.candidates(secret, h(i), h(i + 5))))
def check(pair):
    assert p256.verify(pair[0], h(1), pair[1])
"""
SECRETS = """
out["sign_ms"] = median(sign)
out["verify_ms"] = median(check, fresh)
out["sign_verified_ms"] = median(lambda i: p256.sign(secret, h(i), h(i + 5), public))
"""
NATIVE = """
out["keygen_ms"] = median(lambda i: p256.public_key(h(i)))
out["verify_known_ms"] = median(lambda i: check((public, good)))
out["coupon_ms"] = median(lambda i: coupons.sign(secret, public[:32]), lambda i: coupons.prepare(os.urandom))
chain = ticks.Chain(h(5), 1024)
values = [chain.root] + [chain.reveal(i) for i in range(1, 100)]
out["tick_reveal_ms"] = median(lambda i: chain.reveal(100 + i))
out["tick_check_ms"] = median(lambda i: ticks.check(values[i], 1, values[i + 1]))
"""
HEAP = """
import gc
gc.collect()
ballast = bytearray(gc.mem_free() - {size})
from seal import p256
s = b"\\1" * 32
public = p256.public_key(s)
signature = p256.sign(s, s, b"", public)
assert p256.verify(public, s, signature)
other = p256.public_key(b"\\2" * 32)
assert not p256.verify(other, s, signature)
"""


def strangers(count: int) -> str:
    """Keys the guest has not seen, with signatures of the digest h(1): the guest would know a key it has made."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(bytes([1]))
    value = digest.finalize()
    pairs = []
    for _ in range(count):
        key = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        halves = utils.decode_dss_signature(key.sign(value, ec.ECDSA(utils.Prehashed(hashes.SHA256()))))
        pairs.append(tuple(b"".join(n.to_bytes(32, "big") for n in two) for two in ((numbers.x, numbers.y), halves)))
    return f"pairs = {pairs!r}\ndef fresh(i):\n    return pairs[i]\n"


def least_heap(uf2: Path, built: Path, engine: str) -> int:
    """Bytes: the smallest heap, to a KB, in which the curve works. Each attempt is a boot."""
    low, high = HEAP_KB
    while low < high:
        middle = (low + high) // 2
        pico = Pico(uf2)
        pico.mount(guest.files(built, engine))
        try:
            pico.run(HEAP.format(size=middle * 1024))
            high = middle
        except GuestError as error:
            if "MemoryError" not in str(error):
                raise
            low = middle + 1
    return low * 1024


def measured(uf2: Path, built: Path, engine: str) -> dict[str, Any]:
    """The row of one engine."""
    pico = guest.boot(uf2, built, engine)
    native = engine != "plain"
    script = strangers(5) + SCRIPT + SECRETS + (NATIVE if native else "") + "print(out)"
    out: dict[str, Any] = json.loads(pico.run(script).replace("'", '"'))
    for name, figure in out.items():
        limit = TARGETS[engine].get(name)
        verdict = "" if limit is None else f"  of {limit:g}" + ("" if figure <= limit else "  MISSED")
        print(f"{engine:10} {name:17} {figure:8.2f}{verdict}", flush=True)
    if native:
        out["heap_bytes"] = least_heap(uf2, built, engine)
        print(f"{engine:10} heap_bytes        {out['heap_bytes']:8}", flush=True)
    return out


def build(out: Path, *options: str) -> Path:
    tool = guest.ROOT / "firmware" / "tools" / "build.py"
    subprocess.run([sys.executable, str(tool), "--out", str(out), *options], stdout=subprocess.DEVNULL, check=True)
    return out


def figures(uf2: Path, folder: Path, engines: Sequence[str]) -> dict[str, Any]:
    """{"engines": {name: row}, "mpy_bytes": {architecture: bytes}}; `folder` is for what is built."""
    every = build(folder / "every", "--every-engine", "armv6m") / "armv6m"
    boards = build(folder / "boards")
    sizes = {
        arch.name: sum(file.stat().st_size for file in (arch / "seal" / "p256").iterdir())
        for arch in sorted(boards.iterdir())
    }
    for arch, size in sizes.items():
        print(f"{arch:10} mpy_bytes         {size:8}  of 20480", flush=True)
    return {"engines": {engine: measured(uf2, every, engine) for engine in engines}, "mpy_bytes": sizes}
