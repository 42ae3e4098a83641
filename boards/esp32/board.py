"""The ESP32-DevKitC and other boards with a plain ESP32. `wiring` has its pins."""

import esp32

import wiring
from drivers.esp32_board import Esp32Board
from drivers.mcu_temperature import fahrenheit_deci_celsius

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import Board


def make() -> "Board":
    """The board that this code runs on. Raises OSError if its flash fails."""
    return Esp32Board("esp32", "ESP32", lambda: fahrenheit_deci_celsius(esp32.raw_temperature()), wiring)
