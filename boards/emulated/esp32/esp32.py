"""The module `esp32` of an emulated board: its storage is `nvs.json` in the folder SEALWRIGHT_FOLDER."""

import os

from emulated import nvs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

deci_celsius: "Callable[[], int] | None" = (
    None  # callable() -> the chip's temperature in 0.1 Cel, where `machine` has a series of it
)
_partition = nvs.Partition((os.getenv("SEALWRIGHT_FOLDER") or "") + "nvs.json")


class NVS(nvs.NVS):
    """A namespace of the board's own partition."""

    def __init__(self, namespace: str) -> None:
        super().__init__(_partition, namespace)


def raw_temperature() -> int:
    """The chip's temperature in whole degrees Fahrenheit."""
    return (_read() * 9 + 25) // 50 + 32


def mcu_temperature() -> int:
    """The chip's temperature on later chips, in whole degrees Celsius."""
    return (_read() + 5) // 10


def _read() -> int:
    return deci_celsius() if deci_celsius else 480  # a chip that is warm from its own work
