"""Where a hub keeps what it has: HOME/hub.

lock               held by the hub that runs; PART.lock by each part
inbox/             bundles that somebody dropped, by rename from a name that begins with a dot
inbox/refused/     files that are no bundles, and what is wrong with each
spool/             see `spool`
fleet.db           see `fleet`
state/PART.json    see `state`
broker/            see `broker`
renewals.json      see `renewals`
alerts.toml        see `alerts.wanted`; alerts.json, webhook.key: see `alerts`
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import Usage, cause_of
from ..extras import unix

_fcntl = unix("fcntl")


class HubFolder:
    """The hub's folder of the home in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.path = folder / "hub"
        self.inbox = self.path / "inbox"
        self.refused = self.inbox / "refused"
        self.spool = self.path / "spool"
        self.fleet = self.path / "fleet.db"
        self.states = self.path / "state"
        self.broker = self.path / "broker"

    def state(self, part: str) -> Path:
        """The file in which a part says how it is."""
        return self.states / f"{part}.json"

    def log(self, part: str) -> Path:
        """The file that gets what a part writes to its standard error."""
        return self.path / f"{part}.log"

    def make(self) -> None:
        """Make what is missing. Raises Usage where the disk refuses it."""
        try:
            for folder in (self.path, self.inbox, self.refused, self.spool, self.states, self.broker):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            why = f"cannot make {self.path}: {cause_of(error)}"
            raise Usage(why, remedy="Check its permissions and free some space.") from error

    @contextmanager
    def held(self, name: str, wait: float = 0.0) -> Iterator[None]:
        """Hold the lock "hub", or that of a part, while this lasts; the system releases it when the process ends,
        however that is. wait: seconds for another process to release it. Raises Usage (code hub_runs) where it does
        not."""
        path = self.path / ("lock" if name == "hub" else f"{name}.lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not _locked(handle, wait):
                raise _runs(name, os.pread(handle, 20, 0), self.home)
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(handle)  # the file stays: who waits for its name could hold another one


def _locked(handle: int, wait: float) -> bool:
    end = time.monotonic() + wait
    while True:
        try:
            _fcntl.flock(handle, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.05)


def _runs(name: str, number: bytes, home: Path) -> Usage:
    what = "a hub" if name == "hub" else f"the part {name} of a hub"
    process = f" (process {number.decode()})" if number.isdigit() else ""
    remedy = "Stop it with Ctrl-C where it runs, or work on another home with --home."
    return Usage(f"{what} of {home} runs already{process}", remedy=remedy, code="hub_runs")
