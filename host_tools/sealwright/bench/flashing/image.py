"""MicroPython images: which chip one is for, read from the image itself, before anything is written.

UF2: blocks of 512 bytes with magics, a family and a running number (github.com/microsoft/uf2). ESP: an image header,
then an extended one with the chip's id (esptool's documentation, "Firmware Image Format").
"""

import struct
from pathlib import Path
from typing import Final, NamedTuple

from ...errors import Rejected, Usage
from ...targets import UF2, BoardKind
from ...targets.kinds import plain

_BLOCK: Final = 512
_HEADER: Final = struct.Struct("<8I")
_MAGICS: Final = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_HAS_FAMILY: Final = 0x2000
_ABSOLUTE: Final = 0xE48BFF57  # a block that RP2350 images begin with, for a bug of its boot ROM (errata E10)
_FAMILIES: Final = {0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350", 0xE48BFF5A: "RP2350 (RISC-V)"}
_ESP_MAGIC: Final = 0xE9
_ESP_CHIP: Final = struct.Struct("<12xH")
_ESP_CHIPS: Final = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6"}


class Image(NamedTuple):
    """The bytes of an image, its format ("uf2" or "esp") and the chip it is for, as its maker names it."""

    data: bytes
    form: str
    chip: str


def load_image(path: Path, board: BoardKind) -> Image:
    """Read an image and check that it is one for this board. Raises Usage for a file that cannot be read, Rejected for
    an image that is damaged or for another chip."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Usage(f"cannot read the image {path}: {error.strerror}", remedy="Check the path.") from error
    image = _of_uf2(path, data) if data[:4] == _MAGICS[0].to_bytes(4, "little") else _of_esp(path, data)
    wanted = UF2 if board.flash == UF2 else "esp"
    if plain(image.chip) != plain(board.mcu):
        remedy = f"Give the image that MicroPython makes for {board.called}: {board.image}."
        why = f"{path} is an image for {image.chip} ({image.form}), and {board.called} has an {board.mcu} ({wanted})"
        raise Rejected(why, remedy=remedy, code="wrong_image")
    return image


def _of_uf2(path: Path, data: bytes) -> Image:
    counts: dict[int, list[int]] = {}
    for at in range(0, len(data), _BLOCK):
        block = data[at : at + _BLOCK]
        if len(block) != _BLOCK:
            raise _damaged(path, "it ends in the middle of a block")
        begin, second, flags, _, _, number, of, family = _HEADER.unpack_from(block)
        if (begin, second, int.from_bytes(block[-4:], "little")) != _MAGICS or not flags & _HAS_FAMILY:
            raise _damaged(path, f"block {at // _BLOCK} is no UF2 block with a family")
        if family == _ABSOLUTE:
            continue
        numbers = counts.setdefault(family, [])
        if number != len(numbers):
            raise _damaged(path, f"block {at // _BLOCK} is out of order")
        numbers.append(of)
    if len(counts) != 1:
        raise _damaged(path, f"it is for {len(counts)} kinds of chip")
    ((family, totals),) = counts.items()
    if set(totals) != {len(totals)}:
        raise _damaged(path, f"it has {len(totals)} of {totals[0]} blocks")
    return Image(data, UF2, _FAMILIES.get(family, f"the UF2 family {family:#010x}"))


def _of_esp(path: Path, data: bytes) -> Image:
    if len(data) < 4096 or data[0] != _ESP_MAGIC:
        raise _damaged(path, "it begins neither as UF2 nor as an ESP image")
    (chip,) = _ESP_CHIP.unpack_from(data)
    return Image(data, "esp", _ESP_CHIPS.get(chip, f"the ESP chip number {chip}"))


def _damaged(path: Path, why: str) -> Rejected:
    remedy = "Download it again from micropython.org, whole and as it is."
    return Rejected(f"{path} is no MicroPython image: {why}", remedy=remedy, code="bad_image")
