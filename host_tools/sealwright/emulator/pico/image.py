"""The image a new Pico is flashed with: a UF2 file, as it would be copied to the boot drive.

UF2: 512-byte blocks with 256 bytes of payload for an address each (github.com/microsoft/uf2).
"""

import os
import struct
from pathlib import Path
from typing import Final

from ...errors import Usage

VARIABLE: Final = "SEALWRIGHT_PICO_UF2"
FLASH_START: Final = 0x1000_0000
FLASH_BYTES: Final = 2 << 20  # what a Pico has

_BLOCK: Final = struct.Struct("<8I476sI")
_MAGIC: Final = (0x0A324655, 0x9E5D5157, 0x0AB16F30)
_NOT_MAIN_FLASH: Final = 0x0000_0001
_FAMILY_PRESENT: Final = 0x0000_2000
_RP2040: Final = 0xE48B_FF56
_REMEDY: Final = (
    "Give the official MicroPython image of the Pico, a .uf2 file from micropython.org/download/RPI_PICO, with "
    f"--image FILE or in {VARIABLE}."
)


def locate(image: Path | None) -> Path:
    """The file to use: the one given, else that of the environment. Raises Usage where there is none."""
    named = os.environ.get(VARIABLE)
    path = image or (Path(named) if named else None)
    if path is None:
        raise Usage("an emulated Pico needs a MicroPython image", remedy=_REMEDY, code="no_image")
    return path


def read(path: Path) -> bytes:
    """What a Pico's whole flash holds after this file was copied to it. Raises Usage for what is no RP2040 image."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Usage(f"cannot read the image {path}: {error.strerror}", remedy=_REMEDY, code="no_image") from error
    flash = bytearray(b"\xff" * FLASH_BYTES)
    count, rest = divmod(len(data), _BLOCK.size)
    for index in range(count):
        block = _BLOCK.unpack_from(data, index * _BLOCK.size)
        first, second, flags, address, size, number, of, family, payload, last = block
        if (first, second, last) != _MAGIC or (number, of) != (index, count):
            break
        offset = address - FLASH_START
        if flags & _NOT_MAIN_FLASH:
            continue
        ours = not flags & _FAMILY_PRESENT or family == _RP2040
        if not ours or size > len(payload) or not 0 <= offset <= FLASH_BYTES - size:
            raise _wrong(path, "it is for another chip")
        flash[offset : offset + size] = payload[:size]
    else:
        if count and not rest:
            return bytes(flash)
    raise _wrong(path, "it is no whole UF2 file")


def _wrong(path: Path, why: str) -> Usage:
    return Usage(f"{path} is no image for a Pico: {why}", remedy=_REMEDY, code="bad_image")
