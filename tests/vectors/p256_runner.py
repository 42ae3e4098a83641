"""Runs P-256 cases under whichever interpreter it is started with: `micropython p256_runner.py CASES [ENGINE]`.

CASES holds one JSON object a line: op, id, want, and the op's arguments in hexadecimal. Prints each mismatch,
and at last how many cases were checked.
"""

import json
import sys
from binascii import hexlify, unhexlify

from seal import p256
from seal.errors import SealError
from seal.hmac_drbg import hmac_sha256
from seal.p256 import nonce


def _nth_nonce(case):
    draws = nonce.candidates(case["secret"], case["digest"], case["extra"])
    for _ in range(case["index"]):
        next(draws)
    return next(draws)


OPS = {
    "verify": lambda case: p256.verify(case["public"], case["digest"], case["signature"]),
    "sign": lambda case: p256.sign(case["secret"], case["digest"], case["extra"]),
    "sign_with": lambda case: p256._engine.sign_with(case["secret"], case["digest"], case["nonce"]),
    "public": lambda case: p256.public_key(case["secret"]),
    "check": lambda case: p256.check_public(case["public"]),
    "compress": lambda case: p256.compress(case["public"]),
    "decompress": lambda case: p256.decompress(case["compressed"]),
    "nonce": _nth_nonce,
    "hmac": lambda case: hmac_sha256(case["key"], case["data"]),
}
WORDS = ("op", "id", "want", "index")


def result_of(case):
    """What the device's code makes of a case, as text: hexadecimal, "True", or the name of an error."""
    arguments = {}
    for name, value in case.items():
        arguments[name] = value if name in WORDS else unhexlify(value)
    try:
        result = OPS[case["op"]](arguments)
    except SealError as error:
        return type(error).__name__
    return hexlify(result).decode() if isinstance(result, bytes) else str(result)


def main(path, *names):
    if names:
        p256.engine, p256._engine = p256.choose(names)
    checked = 0
    with open(path) as cases:
        while True:
            line = cases.readline()
            if not line:
                break
            case = json.loads(line)
            got = result_of(case)
            if got != case["want"]:
                print(f"MISMATCH {case['id']}: wanted {case['want']}, got {got}")
            checked += 1
    print(f"checked {checked}")


main(*sys.argv[1:])
