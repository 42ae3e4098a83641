"""How well a device keeps its key, as far as this home can know: what a certificate may say.

A device's own word is worth nothing. Custody 1, sealed, is certified only for a board whose fuses this home has burned
(`sealwright harden`), and which proves over the host's nonce that it runs there: by the token that the home left in its
encrypted flash. A rehearsal's record counts for emulated boards, which chain to the test root; a chip's for real ones.
Anything else is at most what the board's own description says.
"""

from dataclasses import replace
from typing import Final

from ..errors import Rejected
from ..home import Home
from ..home.hardened import MAC_BYTES, Hardened
from ..targets import kinds
from ..wire import labels
from ..wire.messages import Certificate, Evidence

_REMEDY: Final = (
    "Seal it with `sealwright harden` in this home, or provision it from the home that did. A board that was never "
    "sealed needs firmware that says custody 0."
)


def judge(home: Home, evidence: Evidence, nonce: bytes, *, test: bool) -> tuple[int, Hardened | None]:
    """The custody to certify, and the record of the chip where it is a sealed one. nonce: the host's, 32 bytes.

    Raises Rejected (`not_hardened`) for a device that says it is sealed where this home cannot know it, and what
    reading the home's records raises.
    """
    if evidence.custody != labels.SEALED and evidence.sealed is None:
        return min(evidence.custody, kinds.custody_of(evidence.model)), None
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
    return labels.SEALED, record


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
    """The custody to certify again for the same key: a sealed board stays sealed while this home has its record."""
    if old.custody == labels.SEALED and sealed_chip(home, old.key.device_id):
        return labels.SEALED
    return min(old.custody, kinds.custody_of(old.model))


def _not_hardened(why: str) -> Rejected:
    return Rejected(f"no certificate: {why}", remedy=_REMEDY, code="not_hardened")
