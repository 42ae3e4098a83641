"""The ESP32-S3-DevKitC-1 and other boards with an ESP32-S3. `wiring` has its pins."""

import esp32

import wiring
from drivers.esp32_board import Esp32Board

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import Board


def deci_celsius() -> int:
    """The chip's temperature in 0.1 Cel."""
    return esp32.mcu_temperature() * 10  # type: ignore[attr-defined]  # the stubs are the first ESP32's


def make() -> "Board":
    """The board that this code runs on. Raises OSError if its flash fails."""
    return Esp32Board("esp32-s3", "ESP32-S3", deci_celsius, wiring)
