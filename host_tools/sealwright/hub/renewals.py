"""Certificates renewed before they end: which devices are due, what came of it, who has to hear of it.

Intake asks which of the devices that it speaks with are due, and renews one as it would acknowledge: between two looks,
in the device's own thread. A renewal that fails is tried again after a pause that doubles. After FAILURES of them, or
when half of the time for it is over and the device was not reached, that is a fault `certificate_ends`, once for each
certificate, also over restarts (`HOME/hub/renewals.json`).
Limits: who is due is read from the home alone, see `operate.validity`. A certificate that has ended is renewed by hand.
"""

import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import SealwrightError, cause_of
from ..files import write_whole
from ..home import Home, Registered
from ..link import Client
from ..operate import renewing
from ..operate.gathering import Part
from ..operate.validity import Barred, Lasting, ended, kept_certificate, lasting
from ..wire.messages import Certificate, Message
from ..wire.times import utc
from .known import Known

CODE, FAILED = "certificate_ends", "renewal_failed"
NAME: Final = "renewals.json"
FAILURES: Final = 3
REFRESH_SECONDS: Final = 60.0
LEAST_PAUSE: Final = 300.0
MOST_PAUSE: Final = 21_600.0
_Stamp = tuple[int, int]


@dataclass
class _Tried:
    """What came of a device's renewals. ends: of the certificate that they were for; again: when the next try is, of
    time.monotonic; reported: that it ends was reported."""

    ends: int
    failures: int = 0
    why: str = ""
    again: float = 0.0
    reported: bool = False


class Renewals:
    """Of a home's devices. known: what intake knows, which learns new certificates. before: days before the end; None:
    when less than a third is left; 0: never."""

    def __init__(self, home: Home, known: Known, before: int | None) -> None:
        self._home, self._known, self._before = home, known, before
        self._path = home.folder / "hub" / NAME
        self._lock = threading.Lock()  # a device's thread says what came of it
        self._read: dict[str, tuple[_Stamp, Message[Certificate] | None]] = {}
        self._due: dict[bytes, Lasting] = {}
        self._tried = _load(self._path)
        self._renewed: list[Message[Certificate]] = []
        self._faults: list[tuple[bytes, str, str]] = []
        self._at: float | None = None

    def refresh(self) -> None:
        """Look which devices are due, now and then. Raises Usage for a damaged register."""
        now = time.monotonic()
        if self._at is not None and now - self._at < REFRESH_SECONDS:
            return
        self._at = now
        barred, at, due = Barred(self._home, self._known.revoked_from), int(time.time()), {}
        for entry in self._home.active():
            one = lasting(entry, self._certificate(entry))
            if one is not None and one.is_due(at, self._before) and barred.why(entry) is None:
                due[one.device] = one
        with self._lock:
            self._due = due
            for one in due.values():
                self._judge(one, at)
            if self._prune():
                self._keep()

    def _certificate(self, entry: Registered) -> Message[Certificate] | None:
        """The one that this home gave it last; a file is read again when it has changed, also by another command."""
        try:
            found = (self._home.folder / "grants" / f"{entry.device}.cbor").stat()
        except OSError:
            return None
        stamp = (found.st_mtime_ns, found.st_size)
        known = self._read.get(entry.device)
        if known is None or known[0] != stamp:
            known = (stamp, kept_certificate(self._home, bytes.fromhex(entry.device)))
            self._read[entry.device] = known
            if known[1] is not None:
                self._known.learn(known[1])
        return known[1]

    def _judge(self, one: Lasting, at: int) -> None:
        """Report a certificate that nobody has renewed in time; the lock is held."""
        tried = self._of(one)
        if not tried.reported and (tried.failures >= FAILURES or one.is_urgent(at, self._before)):
            tried.reported = True
            when = f"ended at {utc(one.ends)}" if at >= one.ends else f"ends at {utc(one.ends)}"
            why = tried.why or "it was not reached"
            self._faults.append((one.device, CODE, f"its certificate {when} and was not renewed: {why}"))
            self._keep()

    def _of(self, one: Lasting) -> _Tried:
        tried = self._tried.get(one.entry.device)
        if tried is None or tried.ends != one.ends:
            tried = self._tried[one.entry.device] = _Tried(one.ends)
        return tried

    def due(self, device: bytes) -> Lasting | None:
        """What is to be renewed now of this device (id), or None."""
        one = self._due.get(device)
        if one is None or time.time() >= one.ends:
            return None
        with self._lock:
            return one if time.monotonic() >= self._of(one).again else None

    def visit(self, one: Lasting, part: Part) -> None:
        """Work, see `Gathering`: renew the certificate of the device of this part."""
        if part.source is not None:
            self.renew(part.source.client, one)

    def renew(self, client: Client, one: Lasting) -> None:
        """Renew it, in a thread; what went wrong is noted and raises nothing."""
        try:
            # it may have been revoked a second ago
            why = Barred(self._home, self._known.revoked_from).why(one.entry) or ended(one, self._home.now())
            if why is not None:
                raise why
            made = renewing.renew(self._home, client, again=one.certificate.body)
        except (SealwrightError, OSError) as error:
            self._note_failure(one, error)
            return
        with self._lock:
            self._renewed.append(made)
            self._due.pop(one.device, None)
            if self._tried.pop(one.entry.device, None) is not None:
                self._keep()

    def _note_failure(self, one: Lasting, error: SealwrightError | OSError) -> None:
        why = str(error) if isinstance(error, SealwrightError) else cause_of(error)
        with self._lock:
            tried = self._of(one)
            if why != tried.why:
                self._faults.append((one.device, FAILED, f"its certificate was not renewed: {why}"))
            tried.failures, tried.why = tried.failures + 1, why
            tried.again = time.monotonic() + min(LEAST_PAUSE * 2 ** (tried.failures - 1), MOST_PAUSE)
            self._judge(one, int(time.time()))
            self._keep()

    def take(self) -> tuple[list[Message[Certificate]], list[tuple[bytes, str, str]]]:
        """What was renewed since the last time, which is known from now on; and faults: device, code, text."""
        with self._lock:
            renewed, faults = self._renewed, self._faults
            self._renewed, self._faults = [], []
        for certificate in renewed:
            self._known.learn(certificate)
        return renewed, faults

    def _prune(self) -> bool:
        """Forget devices that are not due any more; the lock is held."""
        gone = [device for device in self._tried if bytes.fromhex(device) not in self._due]
        for device in gone:
            del self._tried[device]
        return bool(gone)

    def _keep(self) -> None:
        """Write down what was reported: a disk that refuses it costs a second report after a restart."""
        reported = {device: {"ends": one.ends, "failures": one.failures, "why": one.why, "reported": one.reported}
                for device, one in self._tried.items() if one.failures or one.reported}  # fmt: skip
        with suppress(OSError):
            write_whole(self._path, json.dumps(reported).encode())


def _load(path: Path) -> dict[str, _Tried]:
    try:
        values: Mapping[str, Mapping[str, Any]] = json.loads(path.read_bytes())
        return {str(bytes.fromhex(device).hex()): _Tried(int(one["ends"]), int(one["failures"]), str(one["why"]),
                reported=bool(one["reported"])) for device, one in values.items()}  # fmt: skip
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # none yet, or damaged: what is reported is reported once more
