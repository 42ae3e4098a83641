"""The part `alerts`: tells an operator what cannot wait, by the ways of HOME/hub/alerts.toml, see `hub.alerts`.

The file is read anew when it changes; where it cannot be, what it said before counts, and the part is held. With the
first file only what happens from then on is told. A way that fails is tried again, later each time up to MOST_PAUSE,
and holds up no other; an alert that it does not take in TRIES tries lets the others pass. What nobody could hear, while
the hub was down or the clock leapt, is no device's silence.
"""

import threading
import time
from contextlib import ExitStack
from typing import Final

from ..errors import Usage
from ..home import Home
from .alerts.courier import Courier
from .alerts.finding import Alert, Known, find
from .alerts.outbox import Outbox
from .alerts.repeats import without_repeats
from .alerts.sending import NotSent, Send, ways_of
from .alerts.wanted import NAME, Wanted, read_wanted
from .fleet import Fleet
from .fleet_tables import FleetError
from .folder import HubFolder
from .settings import Settings
from .state import State, read_state

PART: Final = "alerts"
ROUND_SECONDS: Final = 5.0
REGISTER_SECONDS: Final = 60.0
LEAST_PAUSE: Final = 5.0
MOST_PAUSE: Final = 600.0
TRIES: Final = 5
_LEAP_SECONDS: Final = 60  # between two rounds: the hub was down, or the clock was set
_BUSY_SECONDS: Final = 0.05
_END_SECONDS: Final = 5.0  # that ways have, at the end, for what they were handed: else it is sent again


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Tell until `stop` is set. Raises FleetError for a file that is none."""
    folder = HubFolder(home.folder)
    folder.make()
    with ExitStack() as stack:
        fleet = stack.enter_context(Fleet(folder.fleet, write=True))
        work = _Alerting(home, folder, fleet)
        while not stop.is_set():
            work.step()
            work.state.tell()
            stop.wait(work.pause)
        work.end()
        work.state.tell(now=True)


class _Alerting:
    def __init__(self, home: Home, folder: HubFolder, fleet: Fleet) -> None:
        self._home, self._fleet, self._folder = home, fleet, folder.path
        self.outbox = Outbox(folder.path / "alerts.json")
        self._looked_at = int(read_state(folder.state(PART)).get("at") or time.time())
        self.state = State(folder.state(PART), PART)
        self._read: tuple[int, int] | None = None
        self._wanted = Wanted()
        self._names: dict[str, str] = {}
        self._named_at: float | None = None
        self._find_at = self._listened_from = 0.0
        self._wrong: dict[str, str] = {}  # by way, and under "" of all
        self._couriers: dict[str, Courier] = {}
        self._tries: dict[str, int] = {}  # of a way, with its first alert
        self._pauses: dict[str, tuple[float, float]] = {}  # by way: when it is tried again, and the pause after that
        self.state.tell(now=True)

    @property
    def pause(self) -> float:
        """Seconds until the next step."""
        if any(one.is_busy for one in self._couriers.values()):
            return _BUSY_SECONDS
        return min(ROUND_SECONDS, 1.0) if self.outbox.size else ROUND_SECONDS

    def step(self) -> None:
        """Find what is new where it is time, and hand it to the ways."""
        try:
            self._look()
            if self._wanted.ways and time.monotonic() >= self._find_at:
                self._find_at = time.monotonic() + ROUND_SECONDS
                self._find()
            for way, send in ways_of(self._wanted, self._folder / "webhook.key").items():
                self._hand(way, send)
            self._wrong.pop("", None)
        except (Usage, FleetError) as error:  # a file that is wrong, a disk that is full: it passes once that is mended
            self._wrong[""] = f"{error}. {error.remedy}"
        self.state.hold("; ".join(self._wrong.values()))
        if not self._wrong:
            self.state.text = ", ".join(self._wanted.ways) or f"none: there is no {self._folder / NAME}"
        self.state.backlog = self.outbox.size
        self.state.counts["lost"] = self.outbox.lost

    def end(self) -> None:
        """Note what was sent by now."""
        end = time.monotonic() + _END_SECONDS
        while time.monotonic() < end and any(one.is_busy for one in self._couriers.values()):
            for way, courier in self._couriers.items():
                if (result := courier.result()) is not None:
                    self._note(way, *result)
            time.sleep(_BUSY_SECONDS)

    def _look(self) -> None:
        """Read the file where it has changed. Raises Usage for one that is wrong, as long as it is."""
        path = self._folder / NAME
        try:
            found = path.stat()
            seen = (found.st_mtime_ns, found.st_size)
        except OSError:
            seen = (0, 0)
        if seen != self._read or "file" in self._wrong:
            self._read = seen
            try:
                self._wanted = read_wanted(path)
                self._wrong.pop("file", None)
            except Usage as error:
                before = "What it said before counts. " if self._wanted.ways else ""
                self._wrong["file"] = f"{error}. {before}{error.remedy}"
        for gone in set(self._wrong) - {"", "file", *self._wanted.ways}:
            del self._wrong[gone]

    def _find(self) -> None:
        if self.outbox.is_new:  # what was before the first file is no news
            self.outbox.known = Known(row=self._fleet.last_row())
            self.outbox.is_new = False
        self._look_at_register()
        now, mono = int(time.time()), time.monotonic()
        if now - self._looked_at > _LEAP_SECONDS:
            self._listened_from = mono + min(now - self._looked_at, self._wanted.silent or 0)
        self._looked_at = now
        listened = mono >= self._listened_from
        before = self.outbox.known
        found, known = find(self._home, self._fleet, self._wanted, before, self._names, listened=listened)
        told = without_repeats(found, self.outbox.told)
        if found or told or known != before or set(self.outbox.waiting) != set(self._wanted.ways):
            self.outbox.add(told, self._wanted.ways, known)
        self.state.counts["found"] += len(told)

    def _look_at_register(self) -> None:
        now = time.monotonic()
        if self._named_at is None or now - self._named_at >= REGISTER_SECONDS:
            self._names = {entry.device: entry.name for entry in self._home.active()}
            self._named_at = now

    def _hand(self, way: str, send: Send) -> None:
        courier = self._couriers.setdefault(way, Courier())
        if (result := courier.result()) is not None:
            self._note(way, *result)
        again, _ = self._pauses.get(way, (0.0, LEAST_PAUSE))
        waiting = self.outbox.waiting.get(way)
        if waiting and courier.is_free and time.monotonic() >= again:
            courier.hand(send, waiting[0])

    def _note(self, way: str, alert: Alert, error: NotSent | None) -> None:
        if error is None:
            self.outbox.done(way, alert)
            self.state.counts[way] += 1
            for kept in (self._pauses, self._wrong, self._tries):
                kept.pop(way, None)
            return
        _, pause = self._pauses.get(way, (0.0, LEAST_PAUSE))
        self._pauses[way] = (time.monotonic() + pause, min(2 * pause, MOST_PAUSE))
        self._wrong[way] = f"{error}. It is tried again."
        self._tries[way] = self._tries.get(way, 0) + 1
        if self._tries[way] % TRIES == 0:
            self.outbox.put_off(way, alert)
