"""Our configuration of an ATECC608, byte for byte, and what differs from it. It is locked once and stays for ever.

Data sheet DS40001977, section "Configuration Zone". The chip's own bytes are left alone: 0 to 15 (serial number,
revision, interface), 84 and 85 (free for extras), 86 and 87 (the locks of data and configuration).

    16         C0            I2C address 0x60
    17         00            reserved
    18         00            CountMatch off
    19         00            ChipMode: watchdog of 1.3 s, fast clock
    20 to 51   SlotConfig    below
    52 to 67   FF*4 00*4, twice   both counters at 0
    68 to 83   00            UseLock, VolatileKey, SecureBoot, KDF: off, and reserved bytes
    88, 89     FF FF         no slot is locked yet
    90, 91     00 00         ChipOptions: no self-test at power-on, no protected bus
    92 to 95   00            X509format: none
    96 to 127  KeyConfig     below

    slots        SlotConfig  KeyConfig
    0 2 4 6      81 20       33 00    the device key, and its later lives: never read or written, GenKey makes it, it
                                      signs what the device gives it; P-256, public half given, lockable
    1 3 5        81 20       33 00    the wallet key, likewise
    7            82 20       33 00    attestation: signs only what the chip itself says of its keys
    8            00 00       3C 00    notes in the clear: which lives are over. Lockable
    9 to 15      8F 8F       1C 00    never read, never written
"""

from seal.compat import const

CONFIG_BYTES = const(128)
LOCK_DATA = const(86)
LOCK_CONFIG = const(87)
LOCK_SLOTS = const(88)
NOTES_SLOT = const(8)

_KEY, _ATTESTATION, _NOTES, _UNUSED = b"\x81\x20", b"\x82\x20", b"\x00\x00", b"\x8f\x8f"
_COUNTERS = b"\xff\xff\xff\xff\x00\x00\x00\x00" * 2
_LIVING = list(range(52, 68)) + list(range(86, 90))  # counters and locks: they change in use


def lives(slot: int) -> range:
    """The chip's slots for slot 0 (device) or 1 (wallet) of the keystore, in the order of their use."""
    return range(slot, 7 - slot, 2)


def parts() -> list[tuple[int, bytes]]:
    """What we write: [(first byte, bytes), ...], in whole words of 4."""
    slots = _KEY * 7 + _ATTESTATION + _NOTES + _UNUSED * 7
    keys = b"\x33\x00" * 8 + b"\x3c\x00" + b"\x1c\x00" * 7
    return [(16, b"\xc0\x00\x00\x00" + slots + _COUNTERS + bytes(16)), (88, b"\xff\xff" + bytes(6) + keys)]


def wanted(config: bytes) -> bytes:
    """What a chip with the configuration `config` (128 bytes) holds when it has ours and nothing is locked yet."""
    new = bytearray(config)
    new[LOCK_DATA : LOCK_CONFIG + 1] = b"\x55\x55"
    for start, data in parts():
        new[start : start + len(data)] = data
    return bytes(new)


def first_difference(config: bytes) -> int | None:
    """The number of the first byte in which a configuration (128 bytes) is not ours; None: it is ours."""
    ours = wanted(config)
    for at in range(CONFIG_BYTES):
        if config[at] != ours[at] and at not in _LIVING:
            return at
    return None


def is_locked(config: bytes) -> bool:
    """Whether the configuration is fixed, and every slot obeys it."""
    return config[LOCK_CONFIG] == 0 and config[LOCK_DATA] == 0


def is_slot_locked(config: bytes, slot: int) -> bool:
    """Whether a slot of the chip never changes again."""
    return not config[LOCK_SLOTS + slot // 8] >> slot % 8 & 1
