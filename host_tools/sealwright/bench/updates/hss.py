"""The owner's hash-based key for updates (HSS/LMS, RFC 8554): the second lock, one that no quantum computer opens.

A file of the home, `update.hss`. Each of its 1024 one-time keys may sign once: two signatures by one of them give it
away. So the number of the next one is on disk, and the folder's entry with it, before a signature is made; a crash
costs a number and never uses one twice. A copy of the file that is put back later would: never restore it from a
backup. `set_aside` makes the one copy that may: it has numbers of its own, which the key here never uses.

One level, LMS_SHA256_M32_H10 with LMOTS_SHA256_N32_W4: a signature has 2,512 bytes and costs a device about 500 hashes.
Making the key, and each signature, takes a second or two here. Needs PyPI `pyhsslms`.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ...errors import BadKeyFile, Usage
from ...extras import load, unix
from ...wire.keys import read_secret

fcntl = unix("fcntl")

FILE: Final = "update.hss"
LEAVES: Final = 1024
ASIDE: Final = 128  # one-time keys for a restored home
_FORMAT: Final = 1
_FORMAT_WITH_END: Final = 2  # whose "end" an older program would pass over
_ONE_LEVEL: Final = b"\0\0\0\1"
_LAST_LEVEL: Final = b"\0\0\0\0"


def _library() -> Any:
    return load("pyhsslms", "update", "pyhsslms.pyhsslms", "hash-based signatures need", "no_pyhsslms")


class HssKey:
    """The key in a home's folder. `public` is what devices are given: 60 bytes."""

    def __init__(self, path: Path, public: bytes) -> None:
        self._path = path
        self.public = public

    @classmethod
    def find(cls, folder: Path) -> "HssKey | None":
        """The key of a home, or None where there is none. Raises BadKeyFile."""
        path = folder / FILE
        return cls(path, bytes.fromhex(_read(path)["public"])) if path.exists() else None

    @classmethod
    def make(cls, folder: Path) -> "HssKey":
        """A new key. Raises Usage where there is one: devices that know it would take no update by another."""
        library, path = _library(), folder / FILE
        with _locked(path):
            if path.exists():
                raise Usage(f"{path} exists already", remedy="Go on with it: devices keep the key they were given.")
            key = library.LmsPrivateKey(library.lms_sha256_m32_h10, library.lmots_sha256_n32_w4)
            public = _ONE_LEVEL + key.publicKey().serialize()
            kept = {"format": _FORMAT, "next": 0, "public": public.hex(), "identifier": key.I.hex()}
            _write(path, kept | {"seed": key.SEED.hex()})
        return cls(path, public)

    @property
    def left(self) -> int:
        """How many signatures it can still make."""
        kept = _read(self._path)
        return _end(kept) - int(kept["next"])

    def set_aside(self) -> bytes:
        """The file of this key for a backup: of its numbers it has only those that are set aside, once, for a
        restored home. Every backup has the same ones, so only one may ever be restored with its key. Raises
        BadKeyFile."""
        with _locked(self._path):
            kept = _read(self._path)
            if "aside" not in kept:
                end = _end(kept)
                begin = end - min(ASIDE, (end - int(kept["next"])) // 2)
                kept |= {"format": _FORMAT_WITH_END, "end": begin, "aside": [begin, end]}
                _write(self._path, kept)
        begin, end = kept.pop("aside")
        return json.dumps(kept | {"next": begin, "end": end}).encode()

    def sign(self, digest: bytes) -> bytes:
        """The HSS signature over `digest`. Raises Usage when the key is used up, BadKeyFile; a number is used up by the
        attempt."""
        library = _library()
        with _locked(self._path):
            kept = _read(self._path)
            leaf = int(kept["next"])
            if leaf >= _end(kept):
                remedy = "Devices that have this key can only be updated over a cable, after a wipe, with a new one."
                raise Usage("the hash-based key is used up", remedy=remedy, code="hss_used_up")
            _write(self._path, kept | {"next": leaf + 1})
        seed, identifier = bytes.fromhex(kept["seed"]), bytes.fromhex(kept["identifier"])
        kinds = library.lms_sha256_m32_h10, library.lmots_sha256_n32_w4
        return bytes(_LAST_LEVEL + library.LmsPrivateKey(*kinds, seed, identifier, leaf).sign(digest))


def verify(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether the HSS key signed `digest`."""
    library = _library()
    try:
        return bool(library.HssPublicKey.deserialize(public).verify(digest, signature))
    except (ValueError, IndexError):  # how the library refuses what is no signature
        return False


def _read(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(read_secret(path))
        if kept["format"] not in (_FORMAT, _FORMAT_WITH_END) or not kept.keys() >= {
            "next",
            "public",
            "identifier",
            "seed",
        }:
            raise ValueError
        for name in ("public", "identifier", "seed"):
            bytes.fromhex(kept[name])
        if not isinstance(kept["next"], int) or kept["next"] < 0:
            raise ValueError
        if not kept["next"] <= _end(kept) <= LEAVES:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "Do not put an older copy in its place: it would use one-time keys twice."
        raise BadKeyFile(f"the hash-based key {path} cannot be read", remedy=remedy) from error
    return kept


def _end(kept: dict[str, Any]) -> int:
    """The first number that this file may not use."""
    return int(kept.get("end", LEAVES))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One program at a time, or two would sign with the same one-time key."""
    with path.with_name(f"{path.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, kept: dict[str, Any]) -> None:
    """Replace the file, and return when nothing can bring back the old one."""
    draft = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
