"""`make bench-device`: what the curve costs on an emulated Pico, to build/bench-device.json.

    SEALWRIGHT_PICO_UF2=IMAGE python -m tests.pico.bench [--out build/bench-device.json] [ENGINE ...]

Times are the guest's own, by `ticks_us`: medians of 5. `sign_ms` is all of p256.sign, with the verification of the
signature and the nonce; what it is without them is printed beside. `verify_ms` is under a key seen for the first time,
`verify_known_ms` under one that has a table. `heap_bytes` is the least heap in which the curve can be imported and do
all of this, code and tables included, to a KB. `mpy_bytes` are the files a board gets, tables included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.pico import guest
from tests.pico.rig import IMAGE, GuestError, Pico, image

ENGINES = ("asm_thumb", "viper")
ARCHITECTURES = ("armv6m", "armv7emsp", "xtensawin", "rv32imc", "x64")
HEAP_KB = (32, 96)  # where the least heap is looked for
TARGETS = {  # at most, in ms; of the table in the issue
    "asm_thumb": {"keygen_ms": 45, "sign_ms": 65, "verify_ms": 200, "verify_known_ms": 75, "coupon_ms": 1},
    "viper": {"keygen_ms": 85, "sign_ms": 110, "verify_ms": 370, "verify_known_ms": 130, "coupon_ms": 1.5},
}
TICKS = {"tick_reveal_ms": 3, "tick_check_ms": 0.4}

SCRIPT = """
import gc, os, time
from hashlib import sha256
from seal import p256, ticks
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
def known(i):
    assert p256.verify(public, h(1), good)
def check(pair):
    assert p256.verify(pair[0], h(1), pair[1])
out["keygen_ms"] = median(lambda i: p256.public_key(h(i)))
out["sign_ms"] = median(lambda i: p256.sign(secret, h(i), h(i + 5), public))
out["verify_ms"] = median(check, fresh)
out["verify_known_ms"] = median(known)
out["coupon_ms"] = median(lambda i: coupons.sign(secret, h(3)), lambda i: coupons.prepare(os.urandom))
chain = ticks.Chain(h(5), 1024)
values = [chain.root] + [chain.reveal(i) for i in range(1, 100)]
out["tick_reveal_ms"] = median(lambda i: chain.reveal(100 + i))
out["tick_check_ms"] = median(lambda i: ticks.check(values[i], 1, values[i + 1]))
out["unverified_ms"] = median(lambda i: p256.native().sign_with(secret, h(i), h(i + 1)))
print(out)
"""

HEAP = """
import gc, sys
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
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    digest = hashes.Hash(hashes.SHA256())
    digest.update(bytes([1]))
    value = digest.finalize()
    pairs = []
    for _ in range(count):
        key = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        halves = utils.decode_dss_signature(key.sign(value, ec.ECDSA(utils.Prehashed(hashes.SHA256()))))
        public, signature = (
            (b"".join(n.to_bytes(32, "big") for n in pair)) for pair in ((numbers.x, numbers.y), halves)
        )
        pairs.append((public, signature))
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
    out: dict[str, Any] = json.loads(pico.run(strangers(5) + SCRIPT).replace("'", '"'))
    for name, limit in (TARGETS[engine] | TICKS).items():
        print(f"{engine:10} {name:16} {out[name]:8.2f}  of {limit}{'' if out[name] <= limit else '  MISSED'}")
    print(f"{engine:10} signature alone  {out.pop('unverified_ms'):8.2f}")
    out["heap_bytes"] = least_heap(uf2, built, engine)
    print(f"{engine:10} heap_bytes       {out['heap_bytes']}")
    return out


def build(out: Path, *options: str) -> Path:
    tool = guest.ROOT / "firmware" / "tools" / "build.py"
    subprocess.run([sys.executable, str(tool), "--out", str(out), *options], stdout=subprocess.DEVNULL, check=False)
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the curve on an emulated Pico")
    parser.add_argument("engine", nargs="*", help="by default " + " ".join(ENGINES))
    parser.add_argument("--out", type=Path, default=guest.ROOT / "build" / "bench-device.json")
    arguments = parser.parse_args()
    uf2 = image()
    if uf2 is None:
        print(f"set {IMAGE} to a MicroPython image for the Pico (RPI_PICO .uf2)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        every = build(Path(folder) / "every", "--every-engine", "armv6m") / "armv6m"
        boards = build(Path(folder) / "boards")
        engines = {engine: measured(uf2, every, engine) for engine in arguments.engine or ENGINES}
        sizes = {
            arch: sum(file.stat().st_size for file in (boards / arch / "seal" / "p256").iterdir())
            for arch in ARCHITECTURES
        }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps({"engines": engines, "mpy_bytes": sizes}, indent=2) + "\n")
    print(f"wrote {arguments.out}; bytes of the curve: {sizes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
