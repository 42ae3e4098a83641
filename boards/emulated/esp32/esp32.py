"""The module `esp32` of an emulated board: its storage is `nvs.json` in the folder SEALWRIGHT_FOLDER."""

import os

from emulated import nvs

_partition = nvs.Partition((os.getenv("SEALWRIGHT_FOLDER") or "") + "nvs.json")


class NVS(nvs.NVS):
    """A namespace of the board's own partition."""

    def __init__(self, namespace):
        super().__init__(_partition, namespace)


def raw_temperature():
    """The chip's temperature in whole degrees Fahrenheit: a chip that is warm from its own work."""
    return 118


def mcu_temperature():
    """The same on the chips after the first, in whole degrees Celsius."""
    return 48
