"""What a sealed board boots: checked before any fuse is burned, then encrypted on the host under the board's own key.

A board whose boot loader is not signed, or is another chip's, never starts again once its fuses are burned. So these
files are read, checked and written to the flash first. The partition table must be that of the board's `hardened`
folder: its offsets, and which partitions are encrypted, are part of what is promised.
"""

import csv
import hashlib
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from ...errors import Rejected, Usage
from ...home.hardened import Hardenings, Secret
from ...targets import BoardKind
from ..flashing.image import load_image
from .fuses import Plan
from .signing import check_signed, read_image

TABLE_OFFSET: Final = 0x10000  # CONFIG_PARTITION_TABLE_OFFSET of sdkconfig: a signed boot loader is too long for 0x8000
TABLE_BYTES: Final = 0xC00
TOKEN: Final = "token"
TOKEN_MAGIC: Final = b"SEALTOKN"
SECTOR: Final = 4096
_ENTRY: Final = struct.Struct("<2sBBII16sI")  # magic, type, subtype, offset, size, label, flags
_MAGIC: Final = b"\xaaP"
_TYPES: Final = {"app": 0, "data": 1}
_SUBTYPES: Final = {"factory": 0, "phy": 1, "nvs": 2, "nvs_keys": 4, "undefined": 6, "fat": 0x81}
_ENCRYPTED: Final = 1


class Files(NamedTuple):
    """What a build made: boot loader and application signed, the partition table as it is."""

    boot_loader: Path
    table: Path
    app: Path


@dataclass(frozen=True, slots=True)
class Partition:
    """An entry of a table. offset, size: bytes."""

    name: str
    type: int
    subtype: int
    offset: int
    size: int
    encrypted: bool


@dataclass(frozen=True, slots=True)
class Images:
    """The checked files: (name, offset, bytes). All of them are encrypted on the flash."""

    regions: tuple[tuple[str, int, bytes], ...]
    token_offset: int

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each, by its name, in hexadecimal."""
        return {name: hashlib.sha256(data).hexdigest() for name, _, data in self.regions}


def load_images(plan: Plan, board: BoardKind, hardenings: Hardenings, files: Files) -> Images:
    """Read and check all that a sealed board boots. Raises Rejected for what is not signed, is for another chip or does
    not fit; Usage; BadKeyFile."""
    boot_loader, table, app = files
    wanted = planned_partitions(board)
    for path in (boot_loader, app):
        load_image(path, board)  # its chip
    boot_data, app_data = check_signed(hardenings, boot_loader), check_signed(hardenings, app)
    table_data = read_image(table)
    if parse_table(table_data, table) != wanted:
        remedy = f"Build with {board.folder / 'hardened' / 'partitions.csv'}, and give that build's table."
        raise Rejected(f"{table} is not the table of a sealed {board.name}", remedy=remedy, code="wrong_table")
    factory = next(one for one in wanted if one.type == _TYPES["app"])
    rooms = ((boot_loader, boot_data, TABLE_OFFSET - plan.boot_offset), (app, app_data, factory.size))
    for path, data, room in rooms:
        if len(data) > room:
            raise Rejected(f"{path} has {len(data):,} bytes, and {room:,} fit", remedy="Freeze less.", code="too_large")
    token = next(one for one in wanted if one.name == TOKEN)
    padded = table_data[:TABLE_BYTES].ljust(SECTOR, b"\xff")
    regions = (
        ("bootloader", plan.boot_offset, _aligned(boot_data)),
        ("partitions", TABLE_OFFSET, padded),
        ("app", factory.offset, _aligned(app_data)),
    )
    return Images(regions, token.offset)


def encrypt_all(plan: Plan, images: Images, mac: str, secret: Secret) -> list[tuple[int, bytes]]:
    """What goes onto the flash of one chip, with its offsets: the images, and the token by which the device proves to
    this home that it runs there. All under the chip's own key."""
    token = (TOKEN_MAGIC + bytes.fromhex(mac) + secret.key("token")).ljust(SECTOR, b"\xff")
    regions = [*((offset, data) for _, offset, data in images.regions), (images.token_offset, token)]
    return [(offset, encrypt(plan, secret.key("flash"), offset, data)) for offset, data in regions]


def encrypt(plan: Plan, key: bytes, offset: int, data: bytes) -> bytes:
    """As the chip's flash controller decrypts it at this offset."""
    import espsecure

    out = io.BytesIO()
    espsecure.encrypt_flash_data(io.BytesIO(key), out, offset, 0xF, plan.xts, io.BytesIO(data))
    return out.getvalue()


def planned_partitions(board: BoardKind) -> Sequence[Partition]:
    """The partitions of a sealed board of this kind, by its `partitions.csv`. Raises Usage for a board without one."""
    path = board.folder / "hardened" / "partitions.csv"
    try:
        lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines)]
        return tuple(
            Partition(name, _TYPES[kind], _SUBTYPES[sub], int(offset, 0), int(size, 0), flags == "encrypted")
            for name, kind, sub, offset, size, flags in rows
        )
    except FileNotFoundError as error:
        remedy = "Sealing is there for boards with a folder `hardened`: esp32, esp32_s3 and esp32_c3."
        raise Usage(f"{board.called} cannot be sealed here", remedy=remedy, code="cannot_harden") from error
    except (OSError, ValueError, KeyError) as error:
        raise Usage(f"{path} is damaged", remedy="Install Sealwright again.") from error


def parse_table(data: bytes, path: Path) -> Sequence[Partition]:
    """The entries of a partition table as the build makes it. Raises Rejected for what is none."""
    found = []
    for at in range(0, min(len(data), TABLE_BYTES) - _ENTRY.size + 1, _ENTRY.size):
        magic, kind, sub, offset, size, label, flags = _ENTRY.unpack_from(data, at)
        if magic != _MAGIC:
            break  # the table's own MD5, or its end
        name = label.rstrip(b"\0").decode("latin-1")
        found.append(Partition(name, kind, sub, offset, size, bool(flags & _ENCRYPTED)))
    if not found:
        remedy = "Give the build's partition_table/partition-table.bin."
        raise Rejected(f"{path} is no partition table", remedy=remedy, code="wrong_table")
    return tuple(found)


def _aligned(data: bytes) -> bytes:
    """Filled to whole blocks of 32 bytes, which is what the flash controllers encrypt."""
    return data + b"\xff" * (-len(data) % 32)
