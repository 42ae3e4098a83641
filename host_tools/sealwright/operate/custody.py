"""How well a device keeps its key, as far as this home can know: what a certificate may say.

A device's own word is worth nothing. Custody 1, sealed, is certified only for a board whose fuses this home has burned
(`sealwright harden`), and which proves over the host's nonce that it runs there: by the token that the home left in its
encrypted flash. A rehearsal's record counts for emulated boards, which chain to the test root; a chip's for real ones.
Custody 2, element, is certified only on the word of the chip itself, see `chips`, at every certificate anew. Anything
else is at most what the board's own description says.
"""

from dataclasses import dataclass, replace
from typing import Final

from ..errors import Rejected
from ..home import Home
from ..home.chips import ChipRecord
from ..home.hardened import MAC_BYTES, Hardened
from ..link import Client
from ..targets import kinds
from ..wire import labels
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Evidence
from . import chips
from .chips import Trust

_REMEDY: Final = (
    "Seal it with `sealwright harden` in this home, or provision it from the home that did. A board that was never "
    "sealed needs firmware that says custody 0."
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What may be certified. sealed: the record of a sealed chip. chip: of the chip that keeps the key, with custody 2;
    shown: of one that signed well and that nobody vouches for, with less."""

    custody: int
    sealed: Hardened | None = None
    chip: ChipRecord | None = None
    shown: ChipRecord | None = None


def judge(home: Home, client: Client, evidence: Evidence, nonce: bytes, *, test: bool, trust: Trust) -> Judged:
    """The custody to certify for the device behind `client`. nonce: the host's, 32 bytes, which the evidence answers.

    Raises Rejected (`not_hardened`) for a device that says it is sealed where this home cannot know it, Rejected as
    `chips.prove` for one whose key is not in the chip that it should be in, and what reading the home's records raises.
    """
    if evidence.custody == labels.ELEMENT or trust.serial is not None:
        return by_chip(home, client, evidence.key, nonce, trust)
    if evidence.custody != labels.SEALED and evidence.sealed is None:
        return Judged(min(evidence.custody, kinds.custody_of(evidence.model)))
    return Judged(labels.SEALED, sealed=_judge_sealed(home, evidence, nonce, test=test))


def by_chip(home: Home, client: Client, key: PublicKey, nonce: bytes, trust: Trust) -> Judged:
    """The same where a chip keeps the key, or ought to. Raises as `chips.prove`."""
    record, believed = chips.prove(home, client, key, nonce, trust)
    if believed:
        return Judged(labels.ELEMENT, chip=record)
    return Judged(labels.OPEN, shown=record)


def _judge_sealed(home: Home, evidence: Evidence, nonce: bytes, *, test: bool) -> Hardened:
    if evidence.sealed is None:
        raise _not_hardened("it says that it is sealed, and proves nothing")
    mac = evidence.sealed[:MAC_BYTES].hex()
    record = home.hardenings.find(mac)
    if record is None:
        raise _not_hardened(f"it says that it is the sealed chip {mac}, of which this home has no record")
    if not record.done:
        raise _not_hardened(f"the chip {mac} is not sealed to the end: run the same `sealwright harden` again")
    if record.virtual != test or record.chip != kinds.find_any(model=evidence.model).flash:
        kind = "a rehearsal's" if record.virtual else "a real chip's"
        raise _not_hardened(f"the record of {mac} is {kind}, an {record.chip}'s, and the device is another")
    if not home.hardenings.secret(mac).proves(evidence.sealed, nonce, evidence.key.device_id):
        raise _not_hardened(f"its proof that it runs on the sealed chip {mac} does not hold")
    return record


def keep(home: Home, record: Hardened | None, device: bytes) -> str:
    """Note in a chip's record that a device was certified on it; the chip's MAC, or "". Raises Usage."""
    if record is None:
        return ""
    if device.hex() not in record.devices:
        home.hardenings.write(replace(record, devices=(*record.devices, device.hex())))
    return record.mac


def sealed_chip(home: Home, device: bytes) -> str:
    """The MAC of the sealed chip that a device was certified on, or "". Raises Usage."""
    return next((one.mac for one in home.hardenings.all() if one.done and device.hex() in one.devices), "")


def at_renewal(home: Home, old: Certificate) -> int:
    """The custody to certify again for the same key where no chip keeps it: a sealed board stays sealed while this home
    has its record."""
    if old.custody == labels.SEALED and sealed_chip(home, old.key.device_id):
        return labels.SEALED
    return min(old.custody, kinds.custody_of(old.model))


def _not_hardened(why: str) -> Rejected:
    return Rejected(f"no certificate: {why}", remedy=_REMEDY, code="not_hardened")
