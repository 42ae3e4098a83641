"""Firmware updates: sign a compiled slot into a bundle, send it to a device, and see it confirmed or rolled back.

    bundle = make(home, compile_for(find_any("pico")), version=2)
    update(lambda: connect(url), bundle, home.key("owner").public, None)

The second, hash-based signature needs PyPI `pyhsslms`.
"""

from .firmware_bundle import FirmwareBundle, make
from .hss import HssKey
from .updating import RolledBack, Updated, transfer, update

__all__ = ["FirmwareBundle", "HssKey", "RolledBack", "Updated", "make", "transfer", "update"]
