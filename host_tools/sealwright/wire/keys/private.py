"""Private keys of this host: issuers' and owners'. A device's key never leaves the device.

In files they are PKCS 8 PEM of mode 0600, encrypted if there is a password. Signatures are deterministic (RFC 6979):
none depends on this machine's random numbers.
"""

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from ...errors import BadKey, BadKeyFile
from .files import read_secret
from .public import PublicKey

_CURVE: Final = ec.SECP256R1()
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SIGN: Final = ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True)


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
        """From a PEM file (PKCS 8 or SEC 1) that only its owner may read.

        password: of an encrypted file; any other is read without it. Raises BadKeyFile, or BadKey for a key of another
        kind.
        """
        try:
            pem = read_secret(Path(path))
        except OSError as error:
            reason = f"cannot read the key {path}: {error.strerror}"
            raise BadKeyFile(reason, remedy="Check the path and its permissions.") from error
        encrypted = b"ENCRYPTED" in pem  # PKCS 8's first line, or the second one of SEC 1
        if encrypted and not password:
            remedy = "Put its passphrase into the environment variable SEALWRIGHT_PASSPHRASE."
            raise BadKeyFile(f"the key {path} is encrypted", remedy=remedy, code="passphrase_missing")
        try:
            key = serialization.load_pem_private_key(pem, password if encrypted else None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # a wrong password may decrypt to any error
            if encrypted:
                why = f"the passphrase does not open the key {path}"
                remedy = "Check SEALWRIGHT_PASSPHRASE, then whether the file is damaged."
                raise BadKeyFile(why, remedy=remedy, code="passphrase_wrong") from error
            remedy = "Give a PEM file as made by `sealwright init`."
            raise BadKeyFile(f"cannot use the key in {path}: it holds none that can be read", remedy=remedy) from error
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
