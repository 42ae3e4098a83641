"""How long the certificates of a home's devices last, and which of them may be renewed with nobody's decision.

Everything here is read from the home: the grant that it kept of a device, its register, its revocations and its proofs
of forks. A device's word counts for nothing: one that lies about its time, or shows an older certificate that lasted
longer, gains no day.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import RefusedByDevice, SealwrightError
from ..home import DONE, Home, Registered
from ..wire.certificates import expired
from ..wire.messages import Certificate, Grant, Message, Revocation, parse_as
from ..wire.times import utc

PART_LEFT: Final = 3  # due once less than a third of its life is left
SECONDS_A_DAY: Final = 86400


class Lasting(NamedTuple):
    """A device in use and the certificate that this home gave it last, which ends at `ends` (unix seconds)."""

    entry: Registered
    certificate: Message[Certificate]
    ends: int

    @property
    def device(self) -> bytes:
        """Its id, 32 bytes."""
        return bytes.fromhex(self.entry.device)

    @property
    def life(self) -> int:
        """How long the certificate is good in all, in seconds."""
        return max(0, self.ends - self.certificate.body.issued_at)

    def is_due(self, now: int, before: int | None) -> bool:
        """Whether it is to be renewed at `now` (unix seconds). before: days before its end; None: a third of its life.
        Never in the first half of its life: a device writes to its flash each time."""
        left = self.ends - now
        return left < (self.life / PART_LEFT if before is None else min(before * SECONDS_A_DAY, self.life / 2))

    def is_urgent(self, now: int, before: int | None) -> bool:
        """Whether half of the time in which it could have been renewed is over."""
        half = self.life / PART_LEFT / 2 if before is None else min(before * SECONDS_A_DAY, self.life / 2) / 2
        return self.ends - now < half


def kept_certificate(home: Home, device: bytes) -> Message[Certificate] | None:
    """The certificate in the newest grant that this home kept of a device (id), or None. A damaged file is none."""
    with suppress(SealwrightError, OSError):
        raw = home.grant(device)
        return None if raw is None else parse_as(raw, Grant).body.chain[0]
    return None


def lasting(entry: Registered, certificate: Message[Certificate] | None) -> Lasting | None:
    """None where a certificate has no end, or where this home gave the device none."""
    if entry.state != DONE or certificate is None or certificate.body.expires is None:
        return None
    return Lasting(entry, certificate, certificate.body.expires)


def of_home(home: Home, entries: Iterable[Registered]) -> Iterator[Lasting]:
    """Those of these devices whose certificate ends, in their order."""
    for entry in entries:
        found = lasting(entry, kept_certificate(home, bytes.fromhex(entry.device)))
        if found is not None:
            yield found


class Barred:
    """Why a certificate must not be extended. revoked_from: what else knows of revocations, by device id."""

    def __init__(self, home: Home, revoked_from: Callable[[bytes], int | None] = lambda device: None) -> None:
        self._revoked = {parse_as(raw, Revocation).body.device for raw in home.revocations()}
        self._forked = {_device_of(path) for path in (home.folder / "forks").glob("*.bundle")}
        self._more = revoked_from

    def why(self, entry: Registered) -> RefusedByDevice | None:
        """The reason, or None."""
        device = bytes.fromhex(entry.device)
        if not entry.active:
            return _no("it is retired", "If it is in use, bring it back with `sealwright devices adopt`.", "retired")
        if device in self._revoked or self._more(device) is not None:
            remedy = "A revocation is for good: erase the device and provision it anew."
            return _no("it is revoked", remedy, "revoked")
        if entry.device in self._forked:
            remedy = "Its flash was put back, or its key is used twice: wipe it and provision it anew."
            return _no("it contradicts what it signed, as HOME/forks proves", remedy, "equivocation")
        return None


def ended(one: Lasting, now: int) -> RefusedByDevice | None:
    """Why a certificate that has ended must not be extended with nobody's decision: its end bounds what a lost device
    can do, so a person decides to go on. None for one that has not."""
    if not expired(one.certificate.body, now):
        return None
    remedy = f"If you have it in hand: `sealwright renew {one.entry.name}`."
    return _no(f"its certificate ended at {utc(one.ends)}", remedy, "certificate_ended")


def _no(why: str, remedy: str, code: str) -> RefusedByDevice:
    return RefusedByDevice(f"no new certificate: {why}", remedy=remedy, code=code)


def _device_of(path: Path) -> str:
    return path.name.partition("-")[0]
