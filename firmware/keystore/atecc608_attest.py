"""What an ATECC608 says of itself and of one of its keys, in its own signature: loaded when a host asks.

The chip mixes into one digest the host's nonce, its whole configuration, block for block, and the public half of the
key, which it computes from the private half. It signs that, with its serial number and the key's SlotConfig, KeyConfig
and lock, by the key in the attestation slot. That key signs nothing else: its SlotConfig allows no digest from outside.
So the firmware can pass the chip's word on and cannot make it up.

    TempKey = nonce; for block 0 to 3: TempKey = SHA-256(block || 15 00 block 00 EE 01 23 || 0 * 25 || TempKey)
    TempKey = SHA-256(TempKey || 40 08 slot 00 EE 01 23 || 0 * 25 || X || Y)
    signed    SHA-256(TempKey || statement)
    statement = 41 40 07 00 || SlotConfig || KeyConfig || flags || 00 00 || SN[8] || SN[4:8] || SN[0:2] || SN[2:4]
                || 00 if the slot is locked, else 01 || 00 00                                          23 bytes

Data sheet DS40001977, commands Nonce, GenDig, GenKey and Sign. The chip's maker, or who personalised the chip, may have
certified the attestation key: block 1 of the notes slot then begins with the length of an X.509 certificate in DER, two
bytes, highest first; the certificate follows.

Limits: never run on a real chip; the emulated one agrees with the maker's library. It does not show how the key came to
be in the chip: who had it before its data zone was locked could have written a key that he knows.
"""

from keystore import atecc608_config as ours
from keystore.atecc608 import CONFIG_ZONE, DATA_ZONE
from seal import p256
from seal.compat import const, sha256
from seal.errors import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keystore.atecc608 import Atecc608

_SLOT = const(7)  # of the attestation key
_LONGEST = const(382)  # bytes of a certificate: blocks 1 to 12 of the notes slot
_COMMON = b"\x00\xee\x01#" + bytes(25)


def run(chip: "Atecc608", place: int, nonce: bytes) -> "list[object]":
    """[nonce, configuration (128 bytes), chip's slot, public key (64), attestation key (64), statement (23), signature
    (64), certificate or None] for the key in the chip's slot `place`. Makes and locks the attestation key where there
    is none. Raises Fault, and as `chip`."""
    config = _config(chip)
    if not ours.is_slot_locked(config, _SLOT):
        chip.generate(_SLOT)
        chip.lock_slot(_SLOT)
        config = _config(chip)
    attestation = chip.public(_SLOT)
    chip.command(0x16, 3, 0, nonce, 1, True)
    for block in range(4):
        chip.command(0x15, 0, block, b"", 1, True)
    public = chip.command(0x40, 8, place, b"", 64, True)
    signature = chip.command(0x41, 0x40, _SLOT, b"", 64)
    statement = _statement(config, place)
    if not p256.verify(attestation, _digest(config, place, nonce, public, statement), signature):
        raise Fault("what the chip signed of itself is not what it shows")
    return [nonce, config, place, public, attestation, statement, signature, _certificate(chip)]


def _config(chip: "Atecc608") -> bytes:
    return b"".join([chip.read(CONFIG_ZONE, block << 3, 32) for block in range(4)])


def _statement(config: bytes, place: int) -> bytes:
    key = config[20 + 2 * place : 22 + 2 * place] + config[96 + 2 * place : 98 + 2 * place]
    serial = config[12:13] + config[8:12] + config[0:4]
    is_open = 0 if ours.is_slot_locked(config, place) else 1
    return bytes((0x41, 0x40, _SLOT, 0)) + key + bytes((0x50 | place, 0, 0)) + serial + bytes((is_open, 0, 0))


def _digest(config: bytes, place: int, nonce: bytes, public: bytes, statement: bytes) -> bytes:
    held = nonce
    for block in range(4):
        held = sha256(config[32 * block : 32 * block + 32] + bytes((0x15, 0, block)) + _COMMON + held)
    return sha256(sha256(held + bytes((0x40, 8, place)) + _COMMON + public) + statement)


def _certificate(chip: "Atecc608") -> "bytes | None":
    first = ours.NOTES_SLOT << 3 | 1 << 8
    data = chip.read(DATA_ZONE, first, 32)
    size = data[0] << 8 | data[1]
    if not 0 < size <= _LONGEST:
        return None
    for block in range(1, (size + 33) // 32):
        data += chip.read(DATA_ZONE, first + (block << 8), 32)
    return data[2 : 2 + size]
