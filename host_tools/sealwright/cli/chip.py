"""The chip that keeps a device's key, in words: what it proved, and what it cannot."""

from pathlib import Path
from typing import Final

from ..home.chips import MAKER, ChipRecord
from ..operate.chips import Trust, trust_of
from ..wire.messages import Chip
from .options import octets
from .session import Session

_BYTES: Final = 9
_WHY: Final = {MAKER: "its maker certified it", "operator": "on your word"}


def trust(session: Session, serial: str | None, roots: Path | None) -> Trust:
    """What --chip and --chip-root say. Raises Usage."""
    return trust_of(session.home, octets(serial.strip(), "the serial number", _BYTES) if serial else None, roots)


def words(record: ChipRecord) -> str:
    """One line on a chip on record."""
    return f"ATECC608 {record.serial}, revision {record.revision}; it signed for this key, {_WHY[record.proof]}"


def facts(record: ChipRecord | None) -> dict[str, object]:
    """The same for programs."""
    if record is None:
        return {}
    shown = ("serial", "revision", "config", "attestation", "proof", "maker", "proved_at")
    return {"chip": {name: getattr(record, name) for name in shown}}


def signed_facts(chip: Chip) -> dict[str, object]:
    """What a factory record says of a chip, for programs."""
    parts = {name: getattr(chip, name).hex() for name in ("serial", "revision", "config", "attestation")}
    return {**parts, "proof": MAKER if chip.by_maker else "operator"}


def tell_limits(session: Session, chip: ChipRecord | None) -> None:
    """Say what custody 2 rests on where a chip's maker did not certify it."""
    if chip is not None and chip.proof != MAKER:
        session.note(
            "Its chip has no certificate by its maker that you trust: nothing proves that it is a chip, and no"
        )
        session.note("program that answers like one. Custody 2 rests on your word that this chip is on the board.")


def tell_unvouched(session: Session, serial: str | None, device: str) -> None:
    """Say what is missing for custody 2 where a chip signed well that nobody vouches for. serial: None if none did."""
    if serial is not None:
        session.note(f"ATECC608 {serial} signed for this key; nothing proves that it is a chip, and no program that")
        session.note("answers like one. If you know that this chip is on the board, custody 2 is to be had:")
        session.note(f"  sealwright renew {device} --chip {serial}")
