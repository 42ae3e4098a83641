"""The Raspberry Pi Pico 2 W (RP2350). `wiring` has its pins."""

import wiring
from drivers.rp2_board import Rp2RadioBoard
from drivers.rp2_entropy import RP2350_RANDOMBIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import Board


def make() -> "Board":
    """The board that this code runs on. Raises OSError if its flash fails."""
    return Rp2RadioBoard("rpi-pico2-w", "RP2350", RP2350_RANDOMBIT, wiring)
