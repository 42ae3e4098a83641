"""P-256 keys: COSE_Key, device id, kid, did:key and UEID; private keys in PEM files of mode 0600.

Sources: COSE_Key RFC 9053 section 7.1.1; device id = RFC 9679 SHA-256 thumbprint; did:key the W3C CCG
method with multicodec p256-pub (0x1200) and base58btc; UEID RFC 9711 section 4.2.1. Signatures are raw r ||
s over a SHA-256 digest (RFC 9053 section 2.1). Private keys here are issuers' and owners'; a device's key
never leaves the device.
"""

import os
from collections.abc import Mapping
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from . import cbor
from .errors import BadKey, BadKeyFile
from .labels import CRV, EC2, KTY, P256, UEID_RAND, X, Y

_CURVE: Final = ec.SECP256R1()
_PRIME: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# RFC 6979: a signature never depends on this machine's random numbers
_SIGN: Final = ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True)
_VERIFY: Final = ec.ECDSA(Prehashed(hashes.SHA256()))
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


class PublicKey:
    """A point on P-256, checked. `xy` is 64 bytes X || Y; raises BadKey for anything else."""

    def __init__(self, xy: bytes) -> None:
        self.xy: Final = bytes(xy)
        self._loaded = _load(self.xy)

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
        try:
            if not did.startswith(_DID_PREFIX):
                raise ValueError("no did:key in base58btc")
            raw = base58.b58decode(did.removeprefix(_DID_PREFIX))
            if raw[:2] != _P256_PUB or len(raw) != 35:
                raise ValueError("not multicodec p256-pub")
            point = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw[2:])
        except ValueError as error:
            raise BadKey(f"not a did:key of a P-256 key: {error}") from error
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
        except ValueError as error:
            raise BadKey("not a public key in PEM") from error
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
        return {KTY: EC2, CRV: P256, X: self.xy[:32], Y: self.xy[32:]}

    @cached_property
    def device_id(self) -> bytes:
        """32 bytes: the RFC 9679 SHA-256 thumbprint."""
        return sha256(cbor.encode(self.cose)).digest()

    @property
    def kid(self) -> bytes:
        """8 bytes: the beginning of the device id. A hint only: several keys may share it."""
        return self.device_id[:8]

    @property
    def ueid(self) -> bytes:
        """33 bytes: 0x01 || device id."""
        return bytes((UEID_RAND,)) + self.device_id

    @cached_property
    def did(self) -> str:
        """did:key text, for people and for iss and sub."""
        form = serialization.PublicFormat.CompressedPoint
        point = self._loaded.public_bytes(serialization.Encoding.X962, form)
        return _DID_PREFIX + base58.b58encode(_P256_PUB + point).decode()

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes r || s) is this key's over `digest` (32 bytes)."""
        if len(digest) != 32 or len(signature) != 64:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._loaded.verify(encode_dss_signature(r, s), digest, _VERIFY)
        except InvalidSignature:
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.xy == other.xy

    def __hash__(self) -> int:
        return hash(self.xy)

    def __repr__(self) -> str:
        return f"PublicKey({self.did})"


class PrivateKey:
    """A P-256 private key held by this host: an issuer's or an owner's."""

    def __init__(self, loaded: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(loaded.curve, ec.SECP256R1):
            raise BadKey(f"a key on {loaded.curve.name}, not on P-256")
        self._loaded = loaded
        self.public: Final = PublicKey.from_loaded(loaded.public_key())

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key from OpenSSL's random generator."""
        return cls(ec.generate_private_key(_CURVE))

    @classmethod
    def from_secret(cls, secret: int) -> "PrivateKey":
        """From the secret scalar, 1 <= secret < n: for keys that are derived. Raises BadKey."""
        if not 1 <= secret < _ORDER:
            raise BadKey("secret scalar out of range")
        return cls(ec.derive_private_key(secret, _CURVE))

    @classmethod
    def load(cls, path: str | Path, password: bytes | None = None) -> "PrivateKey":
        """From a PEM file (PKCS 8 or SEC 1). Raises BadKeyFile, or BadKey for a key of another kind."""
        try:
            pem = Path(path).read_bytes()
        except OSError as error:
            reason = f"cannot read the key {path}: {error.strerror}"
            raise BadKeyFile(reason, remedy="Check the path and its permissions.") from error
        try:
            key = serialization.load_pem_private_key(pem, password)
        except (ValueError, TypeError) as error:  # TypeError: a password too many or too few
            remedy = "Give a PEM file as made by `sealwright init`, with its password if it has one."
            raise BadKeyFile(f"cannot use the key in {path}: {error}", remedy=remedy) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise BadKey(f"{path} is not an elliptic-curve key")
        return cls(key)

    def pem(self, password: bytes | None = None) -> bytes:
        """PKCS 8 PEM, encrypted if there is a password. Whoever has it without one can sign."""
        form = serialization.PrivateFormat.PKCS8
        protect: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password is not None:
            protect = serialization.BestAvailableEncryption(password)
        return self._loaded.private_bytes(serialization.Encoding.PEM, form, protect)

    def save(self, path: str | Path, password: bytes | None = None) -> None:
        """Write PKCS 8 PEM to a new file only its owner may read. Raises BadKeyFile; never overwrites."""
        path, pem = Path(path), self.pem(password)
        draft = path.with_name(f".{path.name}.{os.getpid()}")  # so that there is never half a key at `path`
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        except FileExistsError as error:
            remedy = "Move it away first if you are sure: a lost key cannot be made again."
            raise BadKeyFile(f"{path} exists already", remedy=remedy) from error
        except OSError as error:
            remedy = "Check the folder, its permissions and its free space."
            raise BadKeyFile(f"cannot write the key {path}: {error.strerror}", remedy=remedy) from error
        finally:
            draft.unlink(missing_ok=True)

    def sign(self, digest: bytes) -> bytes:
        """64 bytes r || s over `digest` (32 bytes, SHA-256)."""
        if len(digest) != 32:
            raise ValueError("a SHA-256 digest is 32 bytes")
        r, s = decode_dss_signature(self._loaded.sign(digest, _SIGN))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def __repr__(self) -> str:
        return f"PrivateKey(of {self.public.did})"
