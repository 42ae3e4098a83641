"""What a home has, opened for reading, and kept open: to open a database may cost a check of all of it.

Limits: for one thread; `Readers` has a few threads, each with sources of its own. Where a file was replaced by another
it is opened anew.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from ...errors import SealwrightError
from ...home import Home
from ...hub.fleet import Fleet
from ...hub.folder import HubFolder
from ...hub.state import read_states
from ...ledger import LedgerFile
from ...money import Assets
from ...readings import ReadingStore
from .memo import Memo

T = TypeVar("T")
THREADS: Final = 3
PATIENCE: Final = 5.0  # seconds


class Sources:
    """What the home has. memo: what all threads remember."""

    def __init__(self, home: Home, memo: Memo) -> None:
        self.home, self.memo = home, memo
        self.hub = HubFolder(home.folder)
        self._open: dict[str, tuple[Any, Any]] = {}

    def readings(self) -> ReadingStore | None:
        """The store of readings, or None where there is none. What it is asked may raise a ReadingsError."""
        path = self.home.readings_path
        return self._kept("readings", _stamp(path), lambda: ReadingStore(path, PATIENCE))

    def ledger(self) -> LedgerFile | None:
        """The ledger, or None where there is none. What it is asked may raise a LedgerError."""
        place = self.home.ledger_place
        return self._kept("ledger", _stamp(place), lambda: LedgerFile(place, PATIENCE))

    def fleet(self) -> Fleet | None:
        """What the hub noticed, or None where no hub has run. Raises FleetError."""
        path = self.hub.fleet
        return self._kept("fleet", _stamp(path), lambda: Fleet(path))

    def states(self) -> dict[str, dict[str, Any]]:
        """The last state that each part of the hub wrote."""
        return read_states(self.hub.states)

    def names(self) -> dict[bytes, str]:
        """Device id -> name."""
        return self.home.names()

    def assets(self) -> Assets:
        """How people write amounts: in smallest units where the declarations cannot be read."""
        try:
            return Assets.read(self.home.folder)
        except SealwrightError:
            return Assets()

    def _kept(self, what: str, stamp: Any, make: Callable[[], T]) -> T | None:
        known = self._open.get(what)
        if known is not None and known[0] == stamp:
            kept: T = known[1]
            return kept
        if known is not None:
            self._open.pop(what)[1].close()
        if stamp is None:
            return None
        made = make()
        self._open[what] = (stamp, made)
        return made

    def close(self) -> None:
        """Close everything."""
        for _, one in self._open.values():
            one.close()
        self._open.clear()


def _stamp(place: Path | str) -> Any:
    """What changes where another file is in its place; None where there is none. Of a server: its URL."""
    if isinstance(place, str):
        return place
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Readers:
    """A few threads, each with sources of its own, so that no request holds up another one."""

    def __init__(self, folder: Path, ledger: str | None = None) -> None:
        self._folder, self._ledger, self._memo = folder, ledger, Memo()
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="reads")

    async def ask(self, question: Callable[[Sources], T]) -> T:
        """The answer to a question, from one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: question(self._sources()))

    def _sources(self) -> Sources:
        found: Sources | None = getattr(self._local, "sources", None)
        if found is None:
            home = Home.open(self._folder)
            home.ledger_named = self._ledger
            found = self._local.sources = Sources(home, self._memo)
        return found

    def close(self) -> None:
        """End the threads once what they do is done."""
        self._pool.shutdown(wait=True, cancel_futures=True)
