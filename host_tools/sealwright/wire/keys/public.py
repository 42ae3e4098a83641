"""P-256 public keys: COSE_Key, device id, kid, did:key and UEID.

Sources: COSE_Key RFC 9053 section 7.1.1; device id = RFC 9679 SHA-256 thumbprint; did:key the W3C CCG
method with multicodec p256-pub (0x1200) and base58btc; UEID RFC 9711 section 4.2.1. Signatures are raw r ||
s over a SHA-256 digest (RFC 9053 section 2.1). Private keys here are issuers' and owners'; a device's key
never leaves the device.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import base58
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ...errors import BadKey
from .. import cbor
from ..labels import CRV, EC2, KTY, P256, UEID_RAND, X, Y

_CURVE: Final = ec.SECP256R1()
_PRIME: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_VERIFY: Final = ec.ECDSA(Prehashed(hashes.SHA256()))
_SIGN_BIT: Final = 0x80
_DID_PREFIX: Final = "did:key:z"
_P256_PUB: Final = bytes((0x80, 0x24))  # multicodec 0x1200 as a varint


@lru_cache(maxsize=8192)
def _load(xy: bytes) -> ec.EllipticCurvePublicKey:
    """OpenSSL's form of a point: 10 to 30 us to make, so it is kept."""
    if len(xy) != 64:
        raise BadKey(f"a P-256 public key is 64 bytes X || Y, not {len(xy)}")
    x, y = int.from_bytes(xy[:32], "big"), int.from_bytes(xy[32:], "big")
    if x >= _PRIME or y >= _PRIME:
        # OpenSSL reduces them, and one point would have several device ids
        raise BadKey("public key coordinates are not reduced modulo p")
    try:
        return ec.EllipticCurvePublicNumbers(x, y, _CURVE).public_key()
    except ValueError as error:
        raise BadKey("public key is not a point on P-256") from error


def _cose_key(xy: bytes) -> dict[cbor.Key, cbor.Value]:
    return {KTY: EC2, CRV: P256, X: xy[:32], Y: xy[32:]}


@lru_cache(maxsize=8192)
def _names(xy: bytes) -> tuple[bytes, str]:
    """The device id and the did:key of a key."""
    compressed = bytes((2 + (xy[63] & 1),)) + xy[:32]  # SEC 1 section 2.3.3
    did = _DID_PREFIX + base58.b58encode(_P256_PUB + compressed).decode()
    return sha256(cbor.encode(_cose_key(xy))).digest(), did


@lru_cache(maxsize=4096)
def _verify(xy: bytes, digest: bytes, signature: bytes) -> bool:
    """Kept because certificates come again with every bundle, and roots with every verifier."""
    return _holds(_load(xy), digest, signature)


def _holds(loaded: ec.EllipticCurvePublicKey, digest: bytes, signature: bytes) -> bool:
    r, s = signature[:32].lstrip(b"\0"), signature[32:].lstrip(b"\0")
    # DER (X.690 section 8.3): an integer's shortest bytes, with a zero before a first bit that would be a sign
    r = r if r and r[0] < _SIGN_BIT else b"\0" + r
    s = s if s and s[0] < _SIGN_BIT else b"\0" + s
    try:
        loaded.verify(b"\x30%c\x02%c%b\x02%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s), digest, _VERIFY)
    except InvalidSignature:
        return False
    return True


_FORESEEN: dict[tuple[bytes, bytes, bytes], bool] = {}


def foresee(outcomes: Mapping[tuple[bytes, bytes, bytes], bool]) -> None:
    """Have `verify` and `verify_once` answer so for these keys, digests and signatures, which were checked, until the
    next call."""
    _FORESEEN.clear()
    _FORESEEN.update(outcomes)


class PublicKey:
    """A point on P-256, checked. `xy` is 64 bytes X || Y; raises BadKey for anything else."""

    def __init__(self, xy: bytes) -> None:
        self.xy: Final = bytes(xy)
        self._loaded = _load(self.xy)

    def __reduce__(self) -> tuple[type["PublicKey"], tuple[bytes]]:
        """Keys go between processes as bytes, and are checked again."""
        return PublicKey, (self.xy,)

    @classmethod
    def from_cose(cls, key: Any) -> "PublicKey":
        """From a decoded COSE_Key with exactly kty, crv, x and y. Raises BadKey."""
        if not isinstance(key, Mapping) or set(key) != {KTY, CRV, X, Y}:
            raise BadKey("not a COSE_Key of kty, crv, x and y alone")
        kind, curve, x, y = key[KTY], key[CRV], key[X], key[Y]
        if (kind, curve) != (EC2, P256) or isinstance(curve, bool):  # True == 1 in Python, not in CBOR
            raise BadKey("not a COSE_Key of type EC2 on P-256")
        if not (isinstance(x, bytes) and isinstance(y, bytes) and len(x) == len(y) == 32):
            raise BadKey("x and y of a P-256 COSE_Key are 32 bytes each")
        return cls(x + y)

    @classmethod
    def from_did(cls, did: str) -> "PublicKey":
        """From did:key text. Raises BadKey unless it names a P-256 key in compressed form."""
        if not did.startswith(_DID_PREFIX):
            raise BadKey("not a did:key in base58btc")
        try:
            raw = base58.b58decode(did.removeprefix(_DID_PREFIX))
        except ValueError as error:
            raise BadKey("not a did:key: a character that base58btc does not have") from error
        if raw[:2] != _P256_PUB or len(raw) != 35:
            raise BadKey("not a did:key of a P-256 key")
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw[2:])
        except ValueError as error:
            raise BadKey("not a did:key of a P-256 key: no such point on the curve") from error
        return cls.from_loaded(point)

    @classmethod
    def from_loaded(cls, key: ec.EllipticCurvePublicKey) -> "PublicKey":
        """From a `cryptography` key. Raises BadKey for another curve."""
        if not isinstance(key.curve, ec.SECP256R1):
            raise BadKey(f"a key on {key.curve.name}, not on P-256")
        numbers = key.public_numbers()
        return cls(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))

    @classmethod
    def from_pem(cls, pem: bytes) -> "PublicKey":
        """From SubjectPublicKeyInfo PEM. Raises BadKey."""
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise BadKey("not a public key in PEM, or of a kind that OpenSSL does not have here") from error
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise BadKey("not an elliptic-curve key")
        return cls.from_loaded(key)

    def pem(self) -> bytes:
        """SubjectPublicKeyInfo PEM."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._loaded.public_bytes(serialization.Encoding.PEM, form)

    @property
    def cose(self) -> dict[cbor.Key, cbor.Value]:
        """The COSE_Key map, the `key` of the schema."""
        return _cose_key(self.xy)

    @property
    def device_id(self) -> bytes:
        """32 bytes: the RFC 9679 SHA-256 thumbprint."""
        return _names(self.xy)[0]

    @property
    def kid(self) -> bytes:
        """8 bytes: the beginning of the device id. A hint only: several keys may share it."""
        return self.device_id[:8]

    @property
    def ueid(self) -> bytes:
        """33 bytes: 0x01 || device id."""
        return bytes((UEID_RAND,)) + self.device_id

    @property
    def did(self) -> str:
        """did:key text, for people and for iss and sub."""
        return _names(self.xy)[1]

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes r || s) is this key's over `digest` (32 bytes)."""
        if len(digest) != 32 or len(signature) != 64:
            return False
        outcome = self._foreseen(digest, signature)
        return _verify(self.xy, digest, signature) if outcome is None else outcome

    def verify_once(self, digest: bytes, signature: bytes) -> bool:
        """As `verify`, for what comes once: 32 and 64 bytes, whose outcome is not kept."""
        outcome = self._foreseen(digest, signature)
        return _holds(self._loaded, digest, signature) if outcome is None else outcome

    def _foreseen(self, digest: bytes, signature: bytes) -> bool | None:
        return _FORESEEN.pop((self.xy, digest, signature), None) if _FORESEEN else None  # taken out: it serves once

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.xy == other.xy

    def __hash__(self) -> int:
        return hash(self.xy)

    def __repr__(self) -> str:
        return f"PublicKey({self.did})"
