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


def tell_limits(session: Session, chip: ChipRecord | None, shown: ChipRecord | None, device: str) -> None:
    """Say what was not proved. chip: of custody 2; shown: one that signed well and that nobody vouches for."""
    if chip is not None and chip.proof != MAKER:
        session.note(
            "Its chip has no certificate by its maker that you trust. So nothing proves that it is a chip, and"
        )
        session.note("no program that answers like one: custody 2 rests on your word that this chip is on the board.")
    if shown is not None:
        session.note(
            f"ATECC608 {shown.serial} signed for this key, and nothing proves that it is a chip, and no program"
        )
        session.note("that answers like one. If you know that this chip is on the board, custody 2 is to be had:")
        session.note(f"  sealwright renew {device} --chip {shown.serial}")
