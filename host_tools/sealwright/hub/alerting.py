"""The part `alerts`: tells an operator what cannot wait, by the ways of HOME/hub/alerts.toml, see `hub.alerts`.

The file is read anew when it changes. With the first file only what happens from then on is told. A way that fails is
tried again, later each time up to MOST_PAUSE, and holds up no other.
"""

import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from ..home import Home
from .alerts.finding import Known, find
from .alerts.outbox import Outbox
from .alerts.sending import NotSent, Send, ways_of
from .alerts.wanted import NAME, Wanted, read_wanted
from .fleet import Fleet
from .folder import HubFolder
from .settings import Settings
from .state import State

PART: Final = "alerts"
ROUND_SECONDS: Final = 5.0
REGISTER_SECONDS: Final = 60.0
LEAST_PAUSE: Final = 5.0
MOST_PAUSE: Final = 600.0
_AT_ONCE: Final = 20  # alerts of a way, then the others have their turn


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Tell until `stop` is set. Raises Usage for a file that asks for what cannot be, FleetError."""
    folder = HubFolder(home.folder)
    folder.make()
    with ExitStack() as stack:
        fleet = stack.enter_context(Fleet(folder.fleet, write=True))
        work = _Alerting(home, folder.path, fleet)
        while not stop.is_set():
            work.round(stop)
            work.state.tell()
            stop.wait(min(ROUND_SECONDS, 1.0) if work.outbox.size else ROUND_SECONDS)
        work.state.tell(now=True)


class _Alerting:
    def __init__(self, home: Home, folder: Path, fleet: Fleet) -> None:
        self._home, self._fleet, self._folder = home, fleet, folder
        self.outbox = Outbox(folder / "alerts.json")
        self.state = State(HubFolder(home.folder).state(PART), PART)
        self._read: tuple[int, int] | None = None
        self._wanted = Wanted()
        self._names: dict[str, str] = {}
        self._named_at: float | None = None
        self._pauses: dict[str, tuple[float, float]] = {}  # by way: when it is tried again, and the pause after that
        self._look()
        self.state.tell(now=True)

    def _look(self) -> None:
        """Read the file where it has changed."""
        path = self._folder / NAME
        try:
            found = path.stat()
            seen = (found.st_mtime_ns, found.st_size)
        except OSError:
            seen = (0, 0)
        if seen != self._read:
            self._wanted, self._read = read_wanted(path), seen
            self.state.text = ", ".join(self._wanted.ways) or f"none: there is no {path}"

    def round(self, stop: threading.Event) -> None:
        """Find what is new, and hand it to the ways. Raises Usage, FleetError."""
        self._look()
        if not self._wanted.ways:
            return
        if self.outbox.is_new:  # what was before the first file is no news
            self.outbox.known = Known(row=self._fleet.last_row())
            self.outbox.is_new = False
        self._look_at_register()
        found, known = find(self._home, self._fleet, self._wanted, self.outbox.known, self._names)
        if found or known != self.outbox.known or set(self.outbox.waiting) != set(self._wanted.ways):
            self.outbox.add(found, self._wanted.ways, known)
        self.state.counts["found"] += len(found)
        for way, send in ways_of(self._wanted, self._folder / "webhook.key").items():
            self._hand(way, send, stop)
        self.state.backlog = self.outbox.size
        self.state.counts["lost"] = self.outbox.lost

    def _look_at_register(self) -> None:
        now = time.monotonic()
        if self._named_at is None or now - self._named_at >= REGISTER_SECONDS:
            self._names = {entry.device: entry.name for entry in self._home.active()}
            self._named_at = now

    def _hand(self, way: str, send: Send, stop: threading.Event) -> None:
        again, pause = self._pauses.get(way, (0.0, LEAST_PAUSE))
        if time.monotonic() < again:
            return
        for alert in self.outbox.waiting.get(way, [])[:_AT_ONCE]:
            if stop.is_set():
                return
            try:
                send(alert)
            except NotSent as error:
                self._pauses[way] = (time.monotonic() + pause, min(2 * pause, MOST_PAUSE))
                self.state.hold(f"{error}. It is tried again.")
                return
            self.outbox.done(way)
            self.state.counts[way] += 1
            self._pauses.pop(way, None)
        if not self._pauses:
            self.state.hold("")
