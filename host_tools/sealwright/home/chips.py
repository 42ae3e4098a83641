"""The chips that keep keys of this home's devices, as each proved itself when custody 2 was certified.

    chips/SERIAL.json    what the chip signed, and why it is believed, see `ChipRecord`; written whole
    chip-roots.pem       certificates of chip makers that this home trusts, for chips that carry one of theirs

The serial number is in hexadecimal, 18 digits. A chip stays on record for good: it must sign by the same key again.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import Usage
from ..files import sync_folder, write_whole

MAKER: Final = "maker"
OPERATOR: Final = "operator"
ROOTS: Final = "chip-roots.pem"
_SIZES: Final = {"serial": 9, "revision": 4, "config": 32, "attestation": 64}


@dataclass(frozen=True, slots=True)
class ChipRecord:
    """A chip. Hexadecimal: serial (9 bytes), revision (4), config: SHA-256 of its configuration as last signed,
    attestation: the key that it signs its statements with, X || Y.

    proof: why that key is believed: MAKER certified it, or the OPERATOR said that he knows the chip. maker: SHA-256 of
    the root that its certificate leads to. devices: the ids that custody 2 was certified for, the latest last."""

    serial: str
    revision: str
    config: str
    attestation: str
    proof: str
    maker: str = ""
    devices: tuple[str, ...] = ()
    proved_at: int = 0


class Chips:
    """The chips on record in a home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "chips"
        self.roots_path = home / ROOTS

    def find(self, serial: str) -> ChipRecord | None:
        """The record of a chip, or None. Raises Usage for a damaged one."""
        path = self._folder / f"{serial}.json"
        return _parse(path) if path.exists() else None

    def all(self) -> Iterator[ChipRecord]:
        """Every chip, by serial number. Raises Usage for a damaged record."""
        return map(_parse, sorted(self._folder.glob("*.json")))

    def of(self, device: bytes) -> ChipRecord | None:
        """The chip that custody 2 was certified on for a device id, or None. Raises Usage."""
        return next((one for one in self.all() if device.hex() in one.devices), None)

    def write(self, record: ChipRecord) -> None:
        """Write a record, whole or not at all. Raises Usage where the disk refuses it."""
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            sync_folder(self._folder.parent)
            write_whole(self._folder / f"{record.serial}.json", json.dumps(asdict(record), indent=1).encode() + b"\n")
        except OSError as error:
            raise Usage(f"cannot keep the chip's record: {error.strerror}", remedy="Free some space.") from error


def _parse(path: Path) -> ChipRecord:
    try:
        values: dict[str, Any] = json.loads(path.read_text())
        record = ChipRecord(**{**values, "devices": tuple(values["devices"])})
        sizes = {name: len(bytes.fromhex(getattr(record, name))) for name in _SIZES}
        devices = [len(bytes.fromhex(one)) for one in record.devices]
        if path.stem != record.serial or sizes != _SIZES or any(size != 32 for size in devices):
            raise ValueError
        if record.proof not in (MAKER, OPERATOR) or not isinstance(record.proved_at, int):
            raise ValueError
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        remedy = "Put it back from a copy of this home."
        raise Usage(f"the chip's record {path} is damaged", remedy=remedy, code="home_damaged") from error
    return record
