"""What an emulated Pico's flash would have worn, and how long that would have taken.

The emulator's flash is ready at once. This counts the commands that erase and program, and charges the times of the
data sheet: Winbond W25Q16JV, section 9.6 (AC characteristics), typical. The emulator shows when the chip is selected,
not what it is told. So a command is known by how long that takes, with the bootrom's code at 125 MHz: a page's 260
bytes take 73 us, an erase's four 1.37 us, and the other commands less. Before each operation the bootrom leaves
execute-in-place with two transfers of its own, the first of 51 us.
"""

from typing import Final

from rp2040py.gpio_pin import GPIOPinState
from rp2040py.rp2040 import RP2040

ERASE_MS: Final = 45.0  # of a sector of 4 KB
PAGE_MS: Final = 0.4  # to program 256 bytes
CYCLES: Final = 100_000  # erases that a sector is good for

_CHIP_SELECT: Final = 1  # of the QSPI pins: low while the chip is told something
_LEAVING: Final = (40_000.0, 60_000.0)  # ns
_PAGE: Final = (60_000.0, 90_000.0)
_ERASE: Final = (1_200.0, 1_600.0)


class Wear:
    """Counts from now on. `erases` of a sector, `pages` programmed."""

    def __init__(self, mcu: RP2040) -> None:
        self.erases = self.pages = 0
        self._clock = mcu.clock
        self._selected_at = 0.0
        self._skips = False  # the transfer that comes next is the bootrom's own
        mcu.qspi[_CHIP_SELECT].add_listener(self._selected)

    @property
    def milliseconds(self) -> float:
        """What the chip would have taken for all of it."""
        return self.erases * ERASE_MS + self.pages * PAGE_MS

    def _selected(self, state: GPIOPinState, _: GPIOPinState) -> None:
        now = float(self._clock.nanos)
        if state is GPIOPinState.LOW:
            self._selected_at = now
            return
        took = now - self._selected_at
        if self._skips:
            self._skips = False
        elif _LEAVING[0] < took < _LEAVING[1]:
            self._skips = True
        elif _PAGE[0] < took < _PAGE[1]:
            self.pages += 1
        elif _ERASE[0] < took < _ERASE[1]:
            self.erases += 1
