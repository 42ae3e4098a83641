"""The module `esp32` of an emulated board: its storage is `nvs.json` in the folder SEALWRIGHT_FOLDER, and the flash
that is mounted."""

import os
import sys

from emulated import nvs, sealed_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from emulated import flash

deci_celsius: "Callable[[], int] | None" = (
    None  # callable() -> the chip's temperature in 0.1 Cel, where `machine` has a series of it
)
_partition = nvs.Partition((os.getenv("SEALWRIGHT_FOLDER") or "") + "nvs.json")


class NVS(nvs.NVS):
    """A namespace of the board's own partition."""

    def __init__(self, namespace: str) -> None:
        super().__init__(_partition, namespace)


class Partition:
    """The partitions that the board's modules look for: `vfs`, with the file system, and `token` of a sealed board."""

    TYPE_APP, TYPE_DATA = 0, 1

    def __init__(self, chip: "flash.FlashFile") -> None:
        self.readblocks, self.writeblocks, self.ioctl = chip.readblocks, chip.writeblocks, chip.ioctl

    @classmethod
    def find(cls, type: int = 0, subtype: int = 0xFF, label: str | None = None) -> "list[Any]":
        """As on the chip; empty for another partition, or while nothing is mounted."""
        if label == "token":
            return sealed_token.find((os.getenv("SEALWRIGHT_FOLDER") or "") + "token.bin")
        loaded = sys.modules.get("emulated.flash")
        if type != cls.TYPE_DATA or label != "vfs" or loaded is None or "/" not in loaded.mounted:
            return []
        return [cls(loaded.mounted["/"])]

    def info(self) -> "tuple[int, int, int, int, str, bool]":
        """Type, subtype, address, bytes, label, encrypted."""
        return (self.TYPE_DATA, 0x81, 0x200000, self.ioctl(4, 0) * self.ioctl(5, 0), "vfs", False)


def raw_temperature() -> int:
    """The chip's temperature in whole degrees Fahrenheit."""
    return (_read() * 9 + 25) // 50 + 32


def mcu_temperature() -> int:
    """The chip's temperature on later chips, in whole degrees Celsius."""
    return (_read() + 5) // 10


def _read() -> int:
    return deci_celsius() if deci_celsius else 480  # a chip that is warm from its own work
