"""The chip's flash in a file, which changes as the flash does: an operation that ended is in the file.

The file survives the board's process, however that ends; an operation that was under way is lost or done, never half.
Limits: erasing and programming take no time, and a page is programmed whole. (`boards/emulated/flash.py` is where power
cuts in the midst of an operation are tried.)
"""

import os
from pathlib import Path
from typing import Final

from rp2040py.peripherals.ssi import (
    CMD_BLOCK_ERASE,
    CMD_PAGE_PROGRAM,
    CMD_SECTOR_ERASE,
    FLASH_BLOCK_SIZE,
    FLASH_PAGE_SIZE,
    FLASH_SECTOR_SIZE,
)
from rp2040py.rp2040 import RP2040

_SIZES: Final = {
    CMD_PAGE_PROGRAM: FLASH_PAGE_SIZE,
    CMD_SECTOR_ERASE: FLASH_SECTOR_SIZE,
    CMD_BLOCK_ERASE: FLASH_BLOCK_SIZE,
}
_ADDRESSED: Final = 4  # bytes: command and address


def attach(mcu: RP2040, path: Path) -> None:
    """Fill the flash of `mcu` from the file at `path`, and keep the file like it. Call after everything that resets the
    chip and its flash with it. Raises OSError."""
    file = os.open(path, os.O_RDWR)
    content = path.read_bytes()
    mcu.flash[: len(content)] = content
    chip = mcu.ssi
    apply = chip._apply_command

    def kept() -> None:
        operation = bytes(chip._tx_buffer[:_ADDRESSED])
        apply()
        if len(operation) == _ADDRESSED and operation[0] in _SIZES:
            size = _SIZES[operation[0]]
            start = int.from_bytes(operation[1:], "big") // size * size
            os.pwrite(file, mcu.flash[start : min(start + size, len(content))], start)

    chip._apply_command = kept  # type: ignore[method-assign]  # it has no hook of its own
