"""What is new, sent to all listeners: one look a second at the stores, however many listen.

Events: `reading` (as in /devices/ID/readings), `fault`, `state` (the hub's parts, where something changed).
Limits: of each device at most MOST_READINGS of a look are sent, the newest; a listener who does not keep up is sent
away, and asks again; it misses what came meanwhile.
"""

import asyncio
import json
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

from ...errors import SealwrightError
from ...hub.fleet import FaultSeen
from ...readings.kept import reading_of
from ..views.hub import hub
from ..views.sources import Readers, Sources
from ..views.words import plain
from . import shapes

EVERY: Final = 1.0  # seconds
MOST_READINGS: Final = 5
MOST_DEVICES: Final = 500  # of a look
MOST_LISTENERS: Final = 64
MOST_OF_ONE: Final = 8  # listeners with one session or token
WAITING: Final = 256  # events


class Event(NamedTuple):
    """Something new. device: its id in hexadecimal, empty where it is of all."""

    kind: str
    device: str
    text: str


class Listener:
    """Who listens. who: the secret of its session or token; device: of which alone, or empty."""

    def __init__(self, who: str, device: str) -> None:
        self.who, self.device = who, device
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue(WAITING)
        self.lost = False

    def tell(self, event: Event) -> None:
        """Give it an event; one who does not keep up is lost."""
        if self.device and event.device and self.device != event.device:
            return
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.lost = True


class Live:
    """Looks for what is new while anybody listens."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self.listeners: set[Listener] = set()
        self._looker: asyncio.Task[None] | None = None
        self._seen = _Seen({}, None, "")

    def has_room(self, who: str) -> bool:
        """Whether one more may listen."""
        same = sum(one.who == who for one in self.listeners)
        return len(self.listeners) < MOST_LISTENERS and same < MOST_OF_ONE

    async def add(self, listener: Listener) -> None:
        """Let it listen, to what comes from now on."""
        self.listeners.add(listener)
        if self._looker is None or self._looker.done():
            with suppress(SealwrightError):
                self._seen = (await self._readers.ask(partial(_look, seen=None)))[0]
            if self._looker is None or self._looker.done():
                self._looker = asyncio.create_task(self._run())

    def remove(self, listener: Listener) -> None:
        """Forget it. Idempotent."""
        self.listeners.discard(listener)

    def close(self) -> None:
        """Send everybody away."""
        if self._looker is not None:
            self._looker.cancel()
        for one in self.listeners:
            one.lost = True
            with suppress(asyncio.QueueFull):
                one.queue.put_nowait(None)

    async def _run(self) -> None:
        while self.listeners:
            await asyncio.sleep(EVERY)
            try:
                self._seen, events = await self._readers.ask(partial(_look, seen=self._seen))
            except SealwrightError:
                continue  # a store that is being replaced, or busy: the next look finds it
            for event in events:
                for one in tuple(self.listeners):
                    one.tell(event)


class _Seen(NamedTuple):
    """What was there at the last look."""

    readings: dict[bytes, int]
    fault: FaultSeen | None
    state: str


def _look(sources: Sources, seen: _Seen | None) -> tuple[_Seen, list[Event]]:
    store, noticed = sources.readings(), sources.fleet()
    newest = {} if store is None else {one.device: one.seq for one in store.newest()}
    events: list[Event] = []
    if seen is not None and store is not None:
        grown = [one for one, seq in newest.items() if seq > seen.readings.get(one, -1)][:MOST_DEVICES]
        for device in grown:
            since = max(seen.readings.get(device, -1), newest[device] - MOST_READINGS)
            for kept in store.after(device, since, MOST_READINGS):
                events.append(_event("reading", device.hex(), shapes.of_reading(device.hex(), reading_of(kept))))
    faults = [] if noticed is None else list(noticed.faults(most=100))
    if seen is not None:
        known = faults.index(seen.fault) if seen.fault in faults else len(faults) if seen.fault is None else 0
        for fault in reversed(faults[:known]):
            values = {"at": fault.at, "device": fault.device, "code": plain(fault.code), "text": plain(fault.text)}
            events.append(_event("fault", fault.device, values))
    parts = [shapes.of_part(one) for one in hub(sources).parts]
    state = json.dumps([{key: part[key] for key in ("part", "runs", "held", "backlog", "text")} for part in parts])
    if seen is not None and state != seen.state:
        events.append(Event("state", "", state))
    return _Seen(newest, faults[0] if faults else None, state), events


def _event(kind: str, device: str, values: dict[str, Any]) -> Event:
    return Event(kind, device, json.dumps(values))
