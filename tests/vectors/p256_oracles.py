"""Cases whose answers come from other people's implementations: `ecdsa` (plain Python) and `cryptography`
(OpenSSL).

The inputs are random but the same at every run, so that a failure can be looked at again.
"""

import hashlib
import hmac
import random
from collections.abc import Iterator

import ecdsa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from p256_cases import Case

N = ecdsa.NIST256p.order
CURVE = ec.SECP256R1()
PREHASHED = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


def to32(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _inputs(seed: str, count: int) -> Iterator[tuple[bytes, bytes, bytes, random.Random]]:
    """(secret, digest, extra, generator): values at the edges first, then random ones."""
    rng = random.Random(seed)
    edges = [1, 2, 3, N - 1, N - 2, N // 2, N // 2 + 1, 1 << 255, (1 << 255) - 1, 1 << 128, 0xFFFFFFFF]
    digests = [bytes(32), b"\xff" * 32, to32(N), to32(N - 1), to32(N + 1), to32(1)]
    for i in range(count):
        secret = edges[i % len(edges)] if i < 2 * len(edges) else rng.randrange(1, N)
        digest = digests[i % len(digests)] if i < 4 * len(digests) else rng.randbytes(32)
        yield to32(secret), digest, rng.randbytes(rng.choice([0, 0, 8, 32, 100])), rng


def signatures(count: int) -> Iterator[Case]:
    """RFC 6979 with added entropy, byte for byte as `ecdsa` signs it."""
    for i, (secret, digest, extra, _) in enumerate(_inputs("sign", count)):
        key = ecdsa.SigningKey.from_string(secret, ecdsa.NIST256p)
        want = key.sign_digest_deterministic(digest, hashlib.sha256, extra_entropy=extra)
        check = ec.derive_private_key(int.from_bytes(secret, "big"), CURVE).public_key()
        assert accepts(check, digest, want), "the two oracles must agree on what is asked"
        yield {"op": "sign", "id": f"sign {i}", "secret": secret.hex(), "digest": digest.hex()} | {
            "extra": extra.hex(),
            "want": want.hex(),
        }


def accepts(public: ec.EllipticCurvePublicKey, digest: bytes, signature: bytes) -> bool:
    """Whether OpenSSL takes a raw signature."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(utils.encode_dss_signature(r, s), digest, PREHASHED)
    except InvalidSignature:
        return False
    return True


def _altered(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) * 8)
    return data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]


def verdicts(count: int) -> Iterator[Case]:
    """Good signatures, and ones with a bit changed, s replaced, r and s exchanged, values at the edges."""
    for i, (secret, digest, _, rng) in enumerate(_inputs("verify", count)):
        private = ec.derive_private_key(int.from_bytes(secret, "big"), CURVE)
        r, s = utils.decode_dss_signature(private.sign(digest, PREHASHED))
        numbers = private.public_key().public_numbers()
        public, signature = to32(numbers.x) + to32(numbers.y), to32(r) + to32(s)
        edge = rng.choice([0, 1, N - 1, N, N + 1, (1 << 256) - 1])
        change = i % 8
        if change == 1:
            signature = _altered(signature, rng)
        elif change == 2:
            digest = _altered(digest, rng)
        elif change == 3:
            public = _altered(public, rng)
        elif change == 4:
            signature = to32(r) + to32(N - s)
        elif change == 5:
            signature = signature[32:] + signature[:32]
        elif change == 6:
            signature = to32(edge) + to32(s) if rng.random() < 0.5 else to32(r) + to32(edge)
        elif change == 7:
            public = public[:32] + to32(ecdsa.NIST256p.curve.p() - numbers.y)
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, b"\x04" + public)
            want = str(accepts(key, digest, signature))
        except ValueError:
            want = "BadKey"
        yield {"op": "verify", "id": f"verdict {i}", "public": public.hex(), "digest": digest.hex()} | {
            "signature": signature.hex(),
            "want": want,
        }


def public_keys(count: int) -> Iterator[Case]:
    """Keys and their public halves, as OpenSSL has them."""
    for i, (secret, _, _, _) in enumerate(_inputs("public", count)):
        numbers = ec.derive_private_key(int.from_bytes(secret, "big"), CURVE).public_key().public_numbers()
        want = (to32(numbers.x) + to32(numbers.y)).hex()
        yield {"op": "public", "id": f"public {i}", "secret": secret.hex(), "want": want}


def points(count: int) -> Iterator[Case]:
    """Compressed points, half of which do not exist."""
    rng = random.Random("points")
    for i in range(count):
        short = bytes([rng.choice([2, 3])]) + rng.randbytes(32)
        try:
            numbers = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, short).public_numbers()
            want = (to32(numbers.x) + to32(numbers.y)).hex()
        except ValueError:
            want = "BadKey"
        yield {"op": "decompress", "id": f"point {i}", "compressed": short.hex(), "want": want}


def nonces(count: int) -> Iterator[Case]:
    """The first nonces of a key and digest, so what HMAC_DRBG gives request after request."""
    for i, (secret, digest, extra, rng) in enumerate(_inputs("nonce", count)):
        index = rng.randrange(4)
        want = ecdsa.rfc6979.generate_k(
            N, int.from_bytes(secret, "big"), hashlib.sha256, digest, retry_gen=index, extra_entropy=extra
        )
        yield {"op": "nonce", "id": f"nonce {i}", "secret": secret.hex(), "digest": digest.hex()} | {
            "extra": extra.hex(),
            "index": index,
            "want": to32(want).hex(),
        }


def hmacs() -> Iterator[Case]:
    """Every key length around the block size, against the standard library's HMAC."""
    rng = random.Random("hmac")
    for length in (*range(0, 4), *range(30, 34), *range(62, 67), 127, 128, 129, 200):
        key, data = rng.randbytes(length), rng.randbytes(rng.randrange(300))
        want = hmac.new(key, data, hashlib.sha256).hexdigest()
        yield {"op": "hmac", "id": f"hmac {length}", "key": key.hex(), "data": data.hex(), "want": want}
