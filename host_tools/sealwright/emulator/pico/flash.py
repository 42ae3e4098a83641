"""The chip's flash in a file, which changes as the flash does: an operation that ended is in the file.

The file survives the board's process, however that ends; an operation that was under way is lost or done, never half.
Limits: erasing and programming take no time, and a page is programmed whole. (`boards/emulated/flash.py` is where power
cuts in the midst of an operation are tried.)
"""

import os
from pathlib import Path
from typing import Final

from rp2040py.gpio_pin import GPIOPinState
from rp2040py.peripherals.ssi import FLASH_SECTOR_SIZE
from rp2040py.rp2040 import RP2040

from .image import FLASH_BYTES

_CHIP_SELECT: Final = 1  # of the QSPI pins: what ends an operation by going high


class Flash:
    """The flash of `mcu`, filled from the file at `path`, which is kept like it. Make it after everything that resets
    the chip and its flash with it. Raises OSError, ValueError for a file of another size than the flash."""

    def __init__(self, mcu: RP2040, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR)
        self._kept = bytearray(path.read_bytes())
        if len(self._kept) != FLASH_BYTES:
            raise ValueError(f"{path} has {len(self._kept):,} bytes, and a Pico's flash {FLASH_BYTES:,}: put it back")
        self._flash = mcu.flash[: len(self._kept)]
        self._flash[:] = self._kept
        mcu.qspi[_CHIP_SELECT].add_listener(self._selected)

    def _selected(self, state: GPIOPinState, _: GPIOPinState) -> None:
        if state is not GPIOPinState.LOW and (content := bytes(self._flash)) != self._kept:
            self._keep(content)

    def _keep(self, content: bytes) -> None:
        """Have the file hold `content`: what one operation changed lies within a block, mostly within a sector."""
        for start in range(0, len(content), FLASH_SECTOR_SIZE):
            sector = content[start : start + FLASH_SECTOR_SIZE]
            if sector != self._kept[start : start + FLASH_SECTOR_SIZE]:
                os.pwrite(self._file, sector, start)
        self._kept[:] = content
