"""A firmware bundle: the owner's message, the hash-based signature over its digest, and the files it names.

A CBOR sequence (firmware/schema/sealwright.cddl, `firmware-bundle`): it can be made in one place and sent from another.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...errors import Malformed, Truncated, Usage
from ...files import write_output
from ...home import Home
from ...targets.build import MANIFEST, Build
from ...wire import cbor
from ...wire.bundle import read_bundle
from ...wire.certificates import Fault
from ...wire.keys import PublicKey
from ...wire.messages import Firmware, FirmwareFile, Message, parse_as, sign_message
from . import hss
from .paths import bad_paths

MAX_MESSAGE: Final = 16384  # bytes that a device takes; and so many files
MAX_FILES: Final = 253


@dataclass(frozen=True, slots=True)
class FirmwareBundle:
    """`lock`: the HSS signature, or None. `contents`: of each file, in the message's order."""

    message: Message[Firmware]
    lock: bytes | None
    contents: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.contents))

    @classmethod
    def read(cls, path: Path) -> "FirmwareBundle":
        """From a file, in form only: `faults` checks the rest. Raises Usage where it cannot be read, Malformed,
        NotDeterministic, WrongType."""
        try:
            raw, *rest = list(read_bundle(path)) or [b""]
        except Truncated as error:
            raise Malformed(f"{path} is no whole firmware bundle: {error}", remedy="Transfer it again.") from error
        message = parse_as(raw, Firmware)
        lock, *contents = [cbor.decode(item) for item in rest] or [None]
        if not isinstance(lock, bytes | None) or not all(isinstance(content, bytes) for content in contents):
            raise Malformed("a firmware bundle holds a message, a signature or null, and files")
        return cls(message, lock, tuple(contents))  # type: ignore[arg-type]

    def write(self, path: Path) -> None:
        """To a file. Raises Usage."""
        items = [self.message.raw, cbor.encode(self.lock), *map(cbor.encode, self.contents)]
        write_output(path, b"".join(items))

    def faults(self, owner: PublicKey | None, lock_key: bytes | None) -> Iterator[Fault]:
        """What a device of this owner would refuse it for. lock_key: the HSS public key it has, or None. owner: None
        where nobody here knows the owner's key: the files are checked, and the signature is left to the device."""
        files = self.message.body.files
        if owner is not None and not self.message.signed_by(owner):
            yield Fault("bad_signature", "the owner's key did not sign it")
        if lock_key is not None:
            if self.lock is None:
                yield Fault("lock_missing", "it has no hash-based signature, and the owner has such a key")
            elif not hss.verify(lock_key, self.message.digest, self.lock):
                yield Fault("bad_lock", "its hash-based signature is not by the owner's key")
        for why in bad_paths(files):
            yield Fault("bad_path", why)
        if len(files) != len(self.contents):
            yield Fault("bad_file", f"it names {len(files)} files and holds {len(self.contents)}")
        for file, content in zip(files, self.contents, strict=False):
            if len(content) != file.size or hashlib.sha256(content).digest() != file.digest:
                yield Fault("bad_file", f"{file.path} is not the file that the message names")


def make(home: Home, build: Build, version: int, *, lock: bool = True) -> FirmwareBundle:
    """A bundle of a compiled slot, signed by the home's owner, and by its hash-based key if there is one.

    version: above what the device runs. lock: False spends no one-time key, for a device that asks for none. Raises
    BadKeyFile, and Usage for a key that is used up, for too many files or for a path that no device takes.
    """
    slot = {path: data for path, data in sorted(build.slot.items()) if path != MANIFEST}
    files = tuple(FirmwareFile(path, len(data), hashlib.sha256(data).digest()) for path, data in slot.items())
    for why in bad_paths(files):
        raise Usage(why, remedy="Rename the file in the firmware's sources.", code="bad_path")
    body = Firmware(build.board.model, version, build.version, build.board.arch, files)
    message = sign_message(home.key("owner"), body)
    if len(message.raw) > MAX_MESSAGE or len(files) > MAX_FILES:
        remedy = f"Leave out what the board does not need: {MAX_FILES} files can be named, in {MAX_MESSAGE:,} bytes."
        raise Usage(f"{len(files)} files are too many for one message", remedy=remedy, code="too_many_files")
    key = hss.HssKey.find(home.folder) if lock else None
    return FirmwareBundle(message, key.sign(message.digest) if key else None, tuple(slot.values()))
