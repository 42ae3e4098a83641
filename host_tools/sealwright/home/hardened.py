"""The chips that this home sealed for ever: what was burned into each, and the secret of each.

    hardened/MAC.json    what was done to a chip so far; written whole after every step, see `Hardened`
    hardened/MAC.key     its secret: 32 random bytes as the seed of an Ed25519 key in PKCS 8 PEM, for its owner only,
                         encrypted where the home has a passphrase. Every key of the chip is derived from it
    signing.key          RSA-3072, PKCS 8 PEM, likewise: signs the images of all of this home's chips

The MAC is in hexadecimal without colons. Derivation: HKDF-SHA256 (RFC 5869) without salt, info "sealwright/NAME".
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import BadKeyFile, Usage
from ..files import exclusive, sync_folder, write_whole
from ..wire.keys.files import read_secret

WORKING: Final = "working"
HARDENED: Final = "hardened"
MAC_BYTES: Final = 6
PROOF_BYTES: Final = MAC_BYTES + 32
_CONTEXT: Final = b"sealwright sealed"
_SIGNING_BITS: Final = 3072  # what the boot ROMs check


@dataclass(frozen=True, slots=True)
class Hardened:
    """A chip and what was done to it. mac: 12 digits. chip: as esptool names it. virtual: its fuses are a file.

    digest: of the signing key, and images: SHA-256 of each region on its flash before encryption, by name; both
    hexadecimal. flashed: they are on the flash. burned: the names of the steps that were burned and read back, in
    order. devices: the ids that were certified on it."""

    mac: str
    chip: str
    board: str
    virtual: bool
    digest: str
    images: dict[str, str]
    state: str = WORKING
    flashed: bool = False
    burned: tuple[str, ...] = ()
    changed_at: int = 0
    devices: tuple[str, ...] = field(default=())

    @property
    def done(self) -> bool:
        """Whether nothing is left to burn."""
        return self.state == HARDENED


class Secret:
    """The 32 random bytes of a chip, from which each of its keys is derived. Nothing prints it."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed

    def key(self, name: str) -> bytes:
        """The chip's key of 32 bytes for one use: "flash", "nvs", or "token"."""
        info = b"sealwright/" + name.encode()
        return HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(self._seed)

    def proves(self, proof: bytes, nonce: bytes, device: bytes) -> bool:
        """Whether a device's proof (its MAC, then 32 bytes) was made with the chip's token, for this nonce and id."""
        wanted = hmac.digest(self.key("token"), _CONTEXT + nonce + device, hashlib.sha256)
        return hmac.compare_digest(proof[MAC_BYTES:], wanted)


class Hardenings:
    """The chips that a home sealed. passphrase: of their secrets, where these are encrypted."""

    def __init__(self, home: Path, passphrase: bytes | None) -> None:
        self._folder, self._passphrase = home / "hardened", passphrase
        self.signing_path = home / "signing.key"

    def find(self, mac: str) -> Hardened | None:
        """The record of a chip, or None. Raises Usage for a damaged one."""
        path = self._folder / f"{mac}.json"
        return _parse(path) if path.exists() else None

    def all(self) -> Iterator[Hardened]:
        """Every chip, by MAC. Raises Usage for a damaged record."""
        return map(_parse, sorted(self._folder.glob("*.json")))

    def write(self, record: Hardened) -> None:
        """Write a record, whole or not at all. Raises Usage where the disk refuses it."""
        try:
            self._make_folder()
            write_whole(self._folder / f"{record.mac}.json", json.dumps(asdict(record), indent=1).encode() + b"\n")
        except OSError as error:
            raise Usage(f"cannot write what was burned: {error.strerror}", remedy="Free some space.") from error

    def hold(self, mac: str) -> Any:
        """A context in which no other command works on this chip. Raises Usage."""
        self._make_folder()
        return exclusive(self._folder / mac)

    def secret(self, mac: str) -> Secret:
        """The secret of a chip. Raises BadKeyFile."""
        key = self._load(self._folder / f"{mac}.key")
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise _damaged(self._folder / f"{mac}.key")
        form, raw = serialization.PrivateFormat.Raw, serialization.Encoding.Raw
        return Secret(key.private_bytes(raw, form, serialization.NoEncryption()))

    def make_secret(self, mac: str) -> Secret:
        """The secret of a chip, made and safely on disk where it is missing; read back from there. Raises BadKeyFile,
        Usage where the disk refuses it."""
        path = self._folder / f"{mac}.key"
        if not path.exists():
            self._make_folder()
            self._save(path, ed25519.Ed25519PrivateKey.from_private_bytes(os.urandom(32)))
        return self.secret(mac)

    def signing_key(self) -> rsa.RSAPrivateKey:
        """The key that signs images. Raises BadKeyFile where there is none."""
        if not self.signing_path.exists():
            remedy = "`sealwright harden sign IMAGE --out FILE` makes it, and signs with it."
            raise BadKeyFile("this home has no key that signs images", remedy=remedy, code="no_signing_key")
        key = self._load(self.signing_path)
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != _SIGNING_BITS:
            raise _damaged(self.signing_path)
        return key

    def make_signing_key(self) -> bool:
        """Make the key that signs images, unless there is one; whether it was made. Raises BadKeyFile, Usage."""
        if self.signing_path.exists():
            return False
        self._save(self.signing_path, rsa.generate_private_key(65537, _SIGNING_BITS))
        return True

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            sync_folder(self._folder.parent)
        except OSError as error:
            raise Usage(f"cannot make {self._folder}: {error.strerror}", remedy="Check its permissions.") from error

    def _save(self, path: Path, key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> None:
        """A key in a new file for its owner only; it and its name are on disk when this returns. Never overwrites."""
        protect: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if self._passphrase is not None:
            protect = serialization.BestAvailableEncryption(self._passphrase)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protect)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another command was faster: its key counts
                os.link(draft, path)
            sync_folder(path.parent)
        except OSError as error:
            raise Usage(
                f"cannot write the key {path}: {error.strerror}", remedy="Check the folder and space."
            ) from error
        finally:
            draft.unlink(missing_ok=True)

    def _load(self, path: Path) -> object:
        try:
            pem = read_secret(path)
        except OSError as error:
            remedy = "Put it back from a copy: it cannot be made again."
            raise BadKeyFile(f"cannot read the key {path}: {error.strerror}", remedy=remedy) from error
        encrypted = b"ENCRYPTED PRIVATE KEY" in pem
        if encrypted and self._passphrase is None:
            remedy = "Put its passphrase into the environment variable SEALWRIGHT_PASSPHRASE."
            raise BadKeyFile(f"the key {path} is encrypted", remedy=remedy, code="passphrase_missing")
        try:
            return serialization.load_pem_private_key(pem, self._passphrase if encrypted else None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            if encrypted:
                remedy = "Check SEALWRIGHT_PASSPHRASE, then whether the file is damaged."
                why = f"the passphrase does not open the key {path}"
                raise BadKeyFile(why, remedy=remedy, code="passphrase_wrong") from error
            raise _damaged(path) from error


def _damaged(path: Path) -> BadKeyFile:
    return BadKeyFile(f"the key {path} is damaged", remedy="Put it back from a copy: it cannot be made again.")


def _parse(path: Path) -> Hardened:
    try:
        values: dict[str, Any] = json.loads(path.read_text())
        found = Hardened(**{**values, "burned": tuple(values["burned"]), "devices": tuple(values["devices"])})
        if f"{found.mac}.json" != path.name or len(bytes.fromhex(found.mac)) != MAC_BYTES:
            raise ValueError
        if not all(isinstance(one, str) for one in (*found.burned, *found.devices, found.chip, found.state)):
            raise ValueError
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        remedy = "Put it back from a copy: without it the board cannot be finished, nor certified as sealed."
        raise Usage(f"the record {path} is damaged", remedy=remedy, code="home_damaged") from error
    return found
