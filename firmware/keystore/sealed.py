"""Port KeyStore of a sealed ESP32: keys in NVS, which the chip itself encrypts. Custody 1, sealed.

A board is sealed by its fuses, which a program can be made to lie about. So the host that burned them left a token on a
partition of its own, encrypted by the chip's key, which nobody can read but the program that the chip has checked and
started. The evidence carries a proof made with it; a board without a token is open, whatever it says.

    partition `token`: "SEALTOKN", MAC (6 bytes), token (32 bytes)

Never run on a chip; the model of the partition in boards/emulated has run it.
"""

from esp32 import Partition

from keystore.nvs import NvsKeyStore
from seal.hmac_drbg import hmac_sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from seal.ports import KeyStore

_MAGIC = b"SEALTOKN"
_CONTEXT = b"sealwright sealed"


class SealedKeyStore(NvsKeyStore):
    """Keys in encrypted NVS. secret: MAC (6 bytes) and token (32 bytes) of the partition."""

    custody = 1

    def __init__(self, secret: bytes) -> None:
        super().__init__()
        self._secret = secret

    def proof(self, nonce: bytes, device_id: bytes) -> bytes:
        """38 bytes: the chip's MAC, then an HMAC-SHA256 by its token over the host's nonce and this device's id."""
        return self._secret[:6] + hmac_sha256(self._secret[6:], _CONTEXT + nonce + device_id)


def find() -> "KeyStore":
    """The keystore of this board: sealed where its host left a token on an encrypted partition, else open."""
    found = Partition.find(Partition.TYPE_DATA, label="token")
    if found and found[0].info()[5]:
        content = bytearray(46)
        found[0].readblocks(0, content, 0)
        if content[:8] == _MAGIC:
            return SealedKeyStore(bytes(content[8:]))
    return NvsKeyStore()
