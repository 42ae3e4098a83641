"""An engine for `seal.p256` over OpenSSL, for CPython: what a device does with its signatures is tested in a tenth of
the time that the plain engine takes for them, and held against an implementation of other people's.

The device's own engines have tests of their own, and sign in every test that MicroPython runs.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from seal.p256.curve import N

_CURVE = ec.SECP256R1()
_VERIFY = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


def public_key(secret32):
    numbers = ec.derive_private_key(int.from_bytes(secret32, "big"), _CURVE).public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def sign_with(secret32, digest32, nonce32):
    nonce, secret, digest = (int.from_bytes(one, "big") for one in (nonce32, secret32, digest32))
    r = int.from_bytes(public_key(nonce32)[:32], "big") % N
    s = pow(nonce, -1, N) * (digest + r * secret) % N
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") if r and s else None


def verify(public64, digest32, sig64):
    r, s = (int.from_bytes(sig64[at : at + 32], "big") for at in (0, 32))
    if not (0 < r < N and 0 < s < N):
        return False
    key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, b"\x04" + bytes(public64))
    try:
        key.verify(utils.encode_dss_signature(r, s), bytes(digest32), _VERIFY)
    except InvalidSignature:
        return False
    return True


def learn(public64):
    pass


def forget(keeps_room):
    pass
