"""Custody 2 on proof: the chip that keeps a key says so itself, over the host's nonce, and the host has reason to
believe the key that it says it with.

What the chip signs is read off in `firmware/keystore/atecc608_attest.py`: nonce, whole configuration, the key's public
half, its slot and that slot's lock, the serial number. Each part is compared first, so that what is wrong has a name;
the signature is checked last, and nothing counts without it. Believed is a key that the chip's maker certified, or that
is on record for this chip, or of a chip that the operator names by its serial number.

What this cannot show: a chip without its maker's certificate may be a program that answers like one, so the operator's
word is all there is; and nobody can see how a key came into a chip before its data zone was locked.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509

from ..errors import BadKey, Rejected, SealwrightError
from ..home import RETIRED, Home
from ..home.chips import MAKER, OPERATOR, ChipRecord
from ..link import Client
from ..link.element import Attested, read_attested
from ..wire.keys import PublicKey
from ..wire.messages import Chip
from .makers import check_maker, load_makers

NONCE_BYTES: Final = 32
_ATTESTATION_SLOT: Final = 7
_PLACES: Final = (0, 2, 4, 6)  # the lives of a device key
_COMMON: Final = b"\x00\xee\x01\x23" + bytes(25)
_LOCK_DATA, _LOCK_CONFIG = 86, 87
# our configuration (firmware/keystore/atecc608_config.py): first byte, and what must be there from it on
_OURS: Final = (
    (16, b"\xc0\x00\x00\x00" + b"\x81\x20" * 7 + b"\x82\x20\x00\x00" + b"\x8f\x8f" * 7),
    (68, bytes(16)),
    (90, bytes(6) + b"\x33\x00" * 8 + b"\x3c\x00" + b"\x1c\x00" * 7),
)


@dataclass(frozen=True, slots=True)
class Trust:
    """Why a chip is believed. serial: 9 bytes, of the chip that the operator knows to be on the board. makers: the
    certificates of chip makers that the user named."""

    serial: bytes | None = None
    makers: Sequence[x509.Certificate] = ()


NOBODY: Final = Trust()


def trust_of(home: Home, serial: bytes | None, roots: Path | None) -> Trust:
    """What the user named, or else the home's chip-roots.pem has. Raises Usage."""
    path = roots if roots is not None else home.chips.roots_path
    return Trust(serial, load_makers(path) if roots is not None or path.exists() else ())


def prove(home: Home, client: Client, key: PublicKey, nonce: bytes, trust: Trust) -> tuple[ChipRecord, bool]:
    """(the record to keep of the chip behind `client`, whether it is believed) where it has signed that it keeps `key`.

    Raises Rejected where there is no chip (`chip_missing`), its word does not hold (`chip_stale`, `chip_other_key`,
    `chip_serial`, `chip_config`, `chip_open`, `chip_unproved`, `chip_certificate`), it is another than the operator
    named (`chip_not_named`), or this home knows better (`chip_changed`, `chip_in_use`); Unreachable, Malformed.
    """
    attested = read_attested(client, nonce)
    if attested is None:
        remedy = (
            "Give it firmware that asks its chip, or use a board with an ATECC608; a program that claims it gets none."
        )
        raise Rejected("it says that a chip keeps its key, and no chip answers", remedy=remedy, code="chip_missing")
    check(attested, key, nonce)
    return _believe(home, attested, key.device_id, trust)


def prove_again(home: Home, client: Client, key: PublicKey) -> str:
    """Have the chip of a device that this home certified as custody 2 sign again, and keep its record; its serial
    number. Where the home lost the record, its own certificate is the operator's word. Raises as `prove`."""
    record, _ = prove(home, client, key, os.urandom(NONCE_BYTES), NOBODY)
    return keep(home, record, key.device_id)


def check(attested: Attested, key: PublicKey, nonce: bytes) -> None:
    """Raise Rejected unless a chip with our configuration, locked, signed over `nonce` that it keeps `key`. Whether it
    is a chip depends on whose the attestation key is."""
    if attested.nonce != nonce:
        raise _refuse("chip_stale", "its chip's word is over another nonce than today's: an old one was played back")
    if attested.public != key.xy:
        raise _refuse("chip_other_key", "its chip's word is about another key: it may be another device's")
    said, config, slot = attested.statement, attested.config, attested.slot
    if said[16:20] + said[12:16] + said[11:12] != attested.serial:
        raise _refuse(
            "chip_serial", f"its chip signed another serial number than {attested.serial.hex()}, which it shows"
        )
    key_of_slot = config[20 + 2 * slot :][:2] + config[96 + 2 * slot :][:2]
    wrong = next((at for at, wanted in _OURS if config[at : at + len(wanted)] != wanted), None)
    if wrong is not None or slot not in _PLACES or said[4:8] != key_of_slot:
        raise _refuse(
            "chip_config", "its chip is not configured as a keystore of ours: the key might be read or replaced"
        )
    locks = attested.is_slot_locked(slot) and attested.is_slot_locked(_ATTESTATION_SLOT)
    if config[_LOCK_DATA] or config[_LOCK_CONFIG] or not locks or said[20]:
        raise _refuse("chip_open", "its chip is not locked: the key in it might be replaced")
    held = nonce
    for block in range(4):
        held = _digest(config[32 * block : 32 * block + 32], bytes((0x15, 0, block)), _COMMON, held)
    held = _digest(held, bytes((0x40, 8, slot)), _COMMON, attested.public)
    form = bytes((0x41, 0x40, _ATTESTATION_SLOT, 0)), bytes((0x50 | slot, 0, 0)), bytes(2)
    if (said[:4], said[8:11], said[21:]) != form or not _is_signed(attested, _digest(held, said)):
        raise _refuse("chip_unproved", "what it says of its chip is not signed by the chip")


def check_named(serial: bytes, trust: Trust) -> None:
    """Raise Rejected (`chip_not_named`) for another chip than the one that the operator named, if he named one."""
    if trust.serial not in (None, serial):
        raise _refuse("chip_not_named", f"its chip is {serial.hex()}, and you named another")


def _is_signed(attested: Attested, digest: bytes) -> bool:
    try:
        return PublicKey(attested.attestation).verify(digest, attested.signature)
    except BadKey:
        return False


def _believe(home: Home, attested: Attested, device: bytes, trust: Trust) -> tuple[ChipRecord, bool]:
    serial = attested.serial.hex()
    known = home.chips.find(serial)
    check_named(attested.serial, trust)
    if known is not None and known.attestation != attested.attestation.hex():
        raise _refuse("chip_changed", f"the chip {serial} signed by another key when this home saw it before")
    for other in known.devices if known is not None else ():
        entry = home.find(bytes.fromhex(other))
        if other != device.hex() and entry is not None and entry.state != RETIRED:
            remedy = f"If {entry.name} was erased, `sealwright devices forget {entry.name}`. Else one of the two lies."
            raise Rejected(f"the chip {serial} keeps the key of {entry.name}", remedy=remedy, code="chip_in_use")
    maker = b""
    if attested.certificate is not None and trust.makers:
        makers = list(trust.makers)
        maker = check_maker(attested.certificate, attested.attestation, attested.serial, makers, home.now())
    proof = MAKER if maker else known.proof if known is not None else OPERATOR
    record = ChipRecord(
        serial=serial,
        revision=attested.revision.hex(),
        config=sha256(attested.config).hexdigest(),
        attestation=attested.attestation.hex(),
        proof=proof,
        maker=maker.hex() if maker else known.maker if known is not None else "",
        devices=known.devices if known is not None else (),
        proved_at=home.now(),
    )
    return record, bool(maker) or known is not None or trust.serial == attested.serial


def keep(home: Home, record: ChipRecord | None, device: bytes) -> str:
    """Keep the record of a chip on whose word custody 2 is certified for a device; its serial number, or "" where there
    is none. Raises Usage."""
    if record is None:
        return ""
    others = tuple(one for one in record.devices if one != device.hex())
    home.chips.write(replace(record, devices=(*others, device.hex())))
    return record.serial


def as_message(record: ChipRecord | None) -> Chip | None:
    """The record for the factory ledger."""
    if record is None:
        return None
    return Chip(
        serial=bytes.fromhex(record.serial),
        revision=bytes.fromhex(record.revision),
        config=bytes.fromhex(record.config),
        attestation=bytes.fromhex(record.attestation),
        by_maker=int(record.proof == MAKER),
    )


def _digest(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def _refuse(code: str, why: str) -> SealwrightError:
    remedies = {
        "chip_stale": "Ask again. If it stays so, somebody stands between you and the board.",
        "chip_other_key": "Ask the board itself, at its own wires: a program may pass on what another board said.",
        "chip_config": "Use a chip that `sealwright provision` locked, or a new one.",
        "chip_open": "Use a chip that `sealwright provision` locked; it shows with --dry-run what it locks.",
        "chip_changed": "One of the two lies. If the one before did, revoke its device; move chips/SERIAL.json away.",
        "chip_not_named": "Read the serial number with `sealwright provision --dry-run`, at the board's own wires.",
    }
    otherwise = "Do not trust this board: look at the chip on it, and at its firmware."
    return Rejected(why, remedy=remedies.get(code, otherwise), code=code)
