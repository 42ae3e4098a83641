"""A rollout: a bundle brought to a fleet, ring by ring, with a stop where too many devices fail.

A ring is done when each of its devices has confirmed the version after its self-test and, where the rollout soaks,
still runs it and signs readings when that time is over. Within a ring no further device is begun once too many failed.
A device that is silent is tried again until `wait` is over; then it counts as one that failed, and the next run tries
it again. What failed otherwise stays failed until the rollout is begun anew.
Limits: whether a device signs readings is asked only where it has sensors, and one was due while it soaked. Which
version runs is the device's own word; its status, which it signs, names the reading.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from ...errors import Rejected, SealwrightError, Unreachable, Usage
from ...home import Home
from ...link import Client
from ...operate.pinning import prove
from ...operate.together import each
from ...wire.keys import PublicKey
from .firmware_bundle import FirmwareBundle
from .rings import Share
from .rollout_file import Noted, RolloutFile, State
from .updating import update

_PAUSE: Final = 2.0  # between two tries of a silent device
_MOST_PAUSE: Final = 30.0
_TICK: Final = 0.2

Begin = Callable[[int, float], None]


class Interrupted(SealwrightError):
    """The rollout was to stop while a device was silent."""

    exit_code = 130
    code = "interrupted"


@dataclass(frozen=True, slots=True)
class Terms:
    """soak: seconds that a ring is watched. wait: seconds that a device may be silent, or may take to decide. most: how
    many of a ring may fail. jobs: devices at a time. owner, lock_key: as of `update`."""

    soak: float
    wait: float
    most: Share
    jobs: int
    owner: PublicKey | None
    lock_key: bytes | None


class Rollout:
    """connect: opens the link of a device (id in hexadecimal). tell: gets the number of the ring, the device, and what
    came of it. waits: gets a device when it is silent for the first time, in a thread. over: whether to begin nothing
    more."""

    def __init__(
        self,
        home: Home,
        file: RolloutFile,
        bundle: FirmwareBundle,
        terms: Terms,
        *,
        connect: Callable[[str], Client],
        tell: Callable[[int, str, Noted], None],
        waits: Callable[[str, Unreachable], None],
        over: Callable[[], bool],
    ) -> None:
        self._home, self._file, self._bundle, self._terms = home, file, bundle, terms
        self._connect, self._tell, self._waits, self._over = connect, tell, waits, over

    def run(self, begin: Begin) -> int | None:
        """Go through the rings; the number of the one (from 1) after which it stops because too many failed, or None.
        begin: gets each ring's number, and how long it soaks from now on once it is updated. Raises Usage."""
        for number, ring in enumerate(self._file.rings, 1):
            active = [device for device in ring if self._is_active(device)]
            if self._file.count(active, State.DONE, State.FAILED) < len(active):
                begin(number, 0.0)
            if self._too_many(active, silent=False):  # as a run before has found
                return number
            for step in (self._update, self._soak):
                step(number, active, begin)
                if self._over():
                    return None
                if self._too_many(active):
                    return number
        return None

    def _is_active(self, device: str) -> bool:
        entry = self._home.find(bytes.fromhex(device))
        return entry is not None and entry.active

    def _too_many(self, ring: list[str], *, silent: bool = True) -> bool:
        states = (State.FAILED, State.SILENT) if silent else (State.FAILED,)
        return self._file.count(ring, *states) > self._terms.most.down(len(ring))

    def _update(self, number: int, ring: list[str], _: Begin) -> None:
        todo = [device for device in ring if self._file.state(device) in (None, State.SILENT)]
        for device in todo:
            self._file.devices.pop(device, None)  # one that was silent has its time anew
        self._work(number, todo, self._bring, lambda: self._over() or self._too_many(ring))

    def _soak(self, number: int, ring: list[str], begin: Begin) -> None:
        updated = [device for device in ring if self._file.state(device) is State.UPDATED]
        if self._terms.soak and updated:
            end = max(self._file.devices[device].at for device in updated) + self._terms.soak
            if end > time.time():
                begin(number, end - time.time())
            while time.time() < end and not self._over():
                time.sleep(_TICK)
        if not self._over():
            self._work(number, updated, self._look_again, self._over)

    def _work(self, number: int, todo: list[str], work: Callable[[str], Noted], over: Callable[[], bool]) -> None:
        for device, outcome in each(todo, work, self._terms.jobs, over):
            if isinstance(outcome, Interrupted):
                continue
            noted = outcome if isinstance(outcome, Noted) else _failure(outcome)
            self._file.note(device, noted)
            self._tell(number, device, noted)

    def _bring(self, device: str) -> Noted:
        """Work: bring a device to the version."""

        def go() -> Noted:
            terms = self._terms
            found = update(lambda: self._connect(device), self._bundle, terms.owner, terms.lock_key, wait=terms.wait)
            with self._connect(device) as client:
                seq = prove(self._home, client).body.reading_seq
            return Noted(State.UPDATED, int(time.time()), seq, "already" if found.already else "")

        try:
            return self._patiently(device, go)
        except Usage as error:
            if error.code != "old_version":
                raise
            return Noted(State.DONE, int(time.time()), code="newer", text=str(error))

    def _look_again(self, device: str) -> Noted:
        """Work: whether a device still runs the version, and signs, after its ring has soaked."""
        before = self._file.devices[device]
        if not self._terms.soak:
            return replace(before, state=State.DONE)

        def go() -> Noted:
            with self._connect(device) as client:
                status, raw = prove(self._home, client).body, client.info().raw
            _check_version(raw, self._bundle.message.body.version)
            due = bool(raw["sensors"]) and raw["interval"] * raw.get("batch", 1) < time.time() - before.at
            if due and status.reading_seq <= before.seq:
                remedy = "See its sensors and faults with `sealwright info`."
                raise Rejected("it has signed no reading since the update", remedy=remedy, code="no_readings")
            return replace(before, state=State.DONE, at=int(time.time()))

        return self._patiently(device, go)

    def _patiently(self, device: str, go: Callable[[], Noted]) -> Noted:
        """Try again while the device is silent, until its time is over."""
        end, pause = time.monotonic() + self._terms.wait, _PAUSE
        while True:
            try:
                return go()
            except Unreachable as error:
                if pause == _PAUSE:
                    self._waits(device, error)
                if self._over():
                    raise Interrupted("the rollout was stopped while it was silent") from None
                if time.monotonic() + pause > end:
                    raise
            self._nap(pause)
            pause = min(2 * pause, _MOST_PAUSE)

    def _nap(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._over():
            time.sleep(_TICK)


def _check_version(raw: dict[str, Any], version: int) -> None:
    if raw["version"] < version or raw["trial"]:
        why = f"it runs version {raw['version']}" + (" on trial" if raw["trial"] else "") + " now"
        raise Rejected(why, remedy="Its console says why. Mend the firmware.", code="went_back")


def _failure(error: SealwrightError) -> Noted:
    state = State.SILENT if isinstance(error, Unreachable) else State.FAILED
    return Noted(state, int(time.time()), code=error.code, text=str(error))
