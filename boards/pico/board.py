"""The Raspberry Pi Pico (RP2040). `wiring` has its pins."""

import wiring
from drivers.rp2_board import Rp2Board
from drivers.rp2_entropy import RP2040_RANDOMBIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import Board


def make() -> "Board":
    """The board that this code runs on. Raises OSError if its flash fails."""
    return Rp2Board("rpi-pico", "RP2040", RP2040_RANDOMBIT, wiring)
