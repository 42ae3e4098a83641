"""Port KeyStore in the ESP32's non-volatile storage. Custody 0, open, on every stock image.

The records are those of `software`, as blobs of the namespace `seal`: outside the file system, so that formatting or
copying it leaves the key alone.

Why it is open: stock MicroPython opens NVS without keys of its own, so what is in it is plain text on the flash, with
flash encryption as without; and nothing stock code can read proves otherwise. `wipe` writes zeros as a new entry and
erases the name: the old bytes stay on their page until NVS reclaims the page.

ESP-IDF erases all of NVS at start when it finds no free page. The key is gone then, while the identity is still in
the journal: the device stays locked (StateDamaged) and does not make another key. Nothing here can prevent it:
Wi-Fi credentials and calibration share the partition, and no other program should fill it.
"""

import esp32

from keystore.software import SoftwareKeyStore
from seal.errors import StorageFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.p256.coupon import Coupons

NAMESPACE = "seal"

_LONGEST = 128  # a key's record has 105 bytes
_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND
_NO_SPACE = -0x1105  # ESP_ERR_NVS_NOT_ENOUGH_SPACE


class NvsRecords:
    """The part of port Store that a key store uses: `read`, `write` and `remove` of records up to 128 bytes."""

    def __init__(self) -> None:
        self._nvs = esp32.NVS(NAMESPACE)

    def read(self, name: str) -> bytes | None:
        """The record's bytes, or None when there is none. Raises OSError for one that cannot be read."""
        data = bytearray(_LONGEST)
        try:
            return bytes(data[: self._nvs.get_blob(name, data)])
        except OSError as error:
            if error.args[0] != _NOT_FOUND:
                raise
            return None

    def write(self, name: str, data: bytes) -> None:
        """Replace the record: old or new at every power cut. Raises StorageFull with the old one kept."""
        try:
            self._nvs.set_blob(name, data)
            self._nvs.commit()
        except OSError as error:
            if error.args[0] == _NO_SPACE:
                raise StorageFull("NVS is full: another program fills its partition; erase it and provision again")
            raise

    def remove(self, name: str) -> None:
        """Remove the record; nothing happens when there is none."""
        try:
            self._nvs.erase_key(name)
            self._nvs.commit()
        except OSError as error:
            if error.args[0] != _NOT_FOUND:
                raise


class NvsKeyStore(SoftwareKeyStore):
    """Keys in NVS. `engine` and `coupons` as in SoftwareKeyStore."""

    def __init__(self, engine: str | None = None, coupons: "Coupons | None" = None) -> None:
        super().__init__(NvsRecords(), engine, coupons)
