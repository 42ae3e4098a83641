"""The memory of an emulated ATECC608: configuration, slots, one-time area, and what the configuration says of a slot.

    bytes 0 to 15   serial number, revision, I2C enable           bytes 52 to 67   two counters
          16        I2C address                                         86, 87     locks of data and configuration
          20 to 51  SlotConfig, two bytes a slot                        88, 89     lock of each slot
                                                                        96 to 127  KeyConfig, two bytes a slot

Data sheet DS40001977, "Configuration Zone". Counters are kept as numbers; the chip's own form of them is not modelled.
"""

import json
import os

SLOTS = 16
SIZES = [36] * 8 + [416] + [72] * 7
UNLOCKED, LOCKED = 0x55, 0x00
LOCK_DATA, LOCK_CONFIG, SLOT_LOCKED = 86, 87, 88
MOST = 2_097_151  # of a counter

_REVISION = b"\x00\x00\x60\x03"
_ENABLE = b"\x01\x01\x00"  # AES, I2C
# As they leave the factory, in our words: keys may be made, nothing is locked. A driver writes its own before it locks.
_SLOT_CONFIG = b"\x83\x20" * 4 + b"\x8f\x8f" * 4 + b"\x00\x00" * 7 + b"\xaf\x8f"
_KEY_CONFIG = b"\x33\x00" * 3 + b"\x1c\x00" * 5 + b"\x3c\x00" * 7 + b"\x1c\x00"


class Memory:
    """In the file `path`, or in RAM alone. Each change is on file when `save` returns: old or new at every cut."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self.counters = [0, 0]
        self.otp = bytearray(b"\xff" * 64)
        self.slots = [bytearray(size) for size in SIZES]
        self.config = _factory_fresh()
        if path is not None and not self._load(path):
            self.save()

    def _load(self, path: str) -> bool:
        try:
            with open(path) as file:
                kept = json.loads(file.read())
        except OSError as error:
            if error.args[0] != 2:  # ENOENT
                raise
            return False
        self.config = bytearray(bytes.fromhex(kept["config"]))
        self.otp = bytearray(bytes.fromhex(kept["otp"]))
        self.slots = [bytearray(bytes.fromhex(text)) for text in kept["slots"]]
        self.counters = kept["counters"]
        return True

    def save(self) -> None:
        """Keep all of it."""
        if self._path is None:
            return
        kept = {"config": _hex(self.config), "otp": _hex(self.otp), "counters": self.counters}
        kept["slots"] = [_hex(slot) for slot in self.slots]
        with open(self._path + ".new", "w") as file:
            file.write(json.dumps(kept))
        os.rename(self._path + ".new", self._path)

    @property
    def is_config_locked(self) -> bool:
        """Whether the configuration is fixed, and in force."""
        return self.config[LOCK_CONFIG] == LOCKED

    @property
    def is_data_locked(self) -> bool:
        """Whether the slots obey their SlotConfig."""
        return self.config[LOCK_DATA] == LOCKED

    def is_slot_locked(self, slot: int) -> bool:
        """Whether the slot never changes again."""
        return not self.config[SLOT_LOCKED + slot // 8] >> slot % 8 & 1

    def lock_slot(self, slot: int) -> None:
        """Lock it for ever."""
        self.config[SLOT_LOCKED + slot // 8] &= ~(1 << slot % 8) & 0xFF

    def slot_config(self, slot: int) -> int:
        """Bits 0-3 ReadKey, 4 NoMac, 5 LimitedUse, 6 EncryptRead, 7 IsSecret, 8-11 WriteKey, 12-15 WriteConfig."""
        return self.config[20 + 2 * slot] | self.config[21 + 2 * slot] << 8

    def key_config(self, slot: int) -> int:
        """Bits 0 Private, 1 PubInfo, 2-4 KeyType (4: P-256), 5 Lockable, 6 ReqRandom, 7 ReqAuth, and others."""
        return self.config[96 + 2 * slot] | self.config[97 + 2 * slot] << 8


def _factory_fresh() -> bytearray:
    config = bytearray(128)
    serial = os.urandom(6)
    config[0:4], config[4:8] = b"\x01\x23" + serial[:2], _REVISION
    config[8:13], config[13:16] = serial[2:] + b"\xee", _ENABLE
    config[16] = 0xC0
    config[20:52] = _SLOT_CONFIG
    config[52:68] = b"\xff\xff\xff\xff\x00\x00\x00\x00" * 2
    config[86:90] = bytes((UNLOCKED, UNLOCKED, 0xFF, 0xFF))
    config[96:128] = _KEY_CONFIG
    return config


def _hex(data: "bytes | bytearray") -> str:
    return "".join("%02x" % byte for byte in data)
