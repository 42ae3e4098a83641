"""Collecting from many devices side by side: each in a thread of its own, so that a silent one holds back no other.

Limits: what is gathered is taken one message at a time, under one lock. A thread whose device stays silent is left
behind; it ends with the link's own time-out, and what it still brings is dropped.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ..errors import RefusedByDevice, Rejected, SealwrightError, Unreachable
from ..link import Client
from ..wire.messages import Body, Message, parse_message
from .collecting import Collector, Source, certifying
from .logs import Equivocation, Logs
from .proving import EACH

OF_DEVICE: Final = (Unreachable, RefusedByDevice, Rejected)
_TICK_SECONDS: Final = 0.2  # between two looks at signals and time-outs


class Once(Collector):
    """A collector that several threads use."""

    def __init__(self, logs: Logs | None = None, proof: str = EACH) -> None:
        super().__init__(logs, proof)
        self._lock = threading.Lock()

    def take(self, message: Message[Body]) -> bool:
        with self._lock:
            return super().take(message)


@dataclass
class Part:
    """One device's part. `source`: once it has answered; `error`: why it was given up; `fork`: how it contradicts
    itself. exact: all that the source has gone past was taken. messages, readings: how many were taken."""

    url: str
    name: str
    source: Source | None = None
    error: SealwrightError | None = None
    fork: Equivocation | None = None
    exact: bool = True
    busy: bool = False
    messages: int = 0
    readings: int = 0
    acked: int = 0
    heard: float = 0.0

    @property
    def wrong(self) -> SealwrightError | None:
        """What is wrong with the device, first of all its fork."""
        return self.fork or self.error


Work = Callable[[Part], None]


class _Dropped(Exception):
    """What a thread brings is not wanted any more."""


class Gathering:
    """The devices of one run.

    connect: opens a URL, and raises what `Client` does. names: device id -> name. take: keeps a message of a device.
    failed: is given each part that is given up or contradicts itself. jobs: how many threads at most. timeout: seconds
    that a device may stay silent; None: as long as its link waits. logs: what is known of the devices' logs. proof: of
    readings, see `Collector`.
    """

    def __init__(
        self,
        urls: Iterable[str],
        connect: Callable[[str], Client],
        names: Mapping[bytes, str],
        take: Callable[[bytes, Part], None],
        failed: Callable[[Part], None],
        *,
        jobs: int,
        timeout: float | None = None,
        logs: Logs | None = None,
        proof: str = EACH,
    ) -> None:
        self.collector = Once(logs, proof)
        self.parts = [Part(url, url) for url in dict.fromkeys(urls)]
        self._connect, self._names, self._take, self._failed = connect, names, take, failed
        self._jobs, self._timeout = jobs, timeout
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Part, Work]] = deque()
        self._active = 0
        self._fatal: BaseException | None = None
        self._dropping = False
        self.enough = False  # no more readings are wanted

    @property
    def living(self) -> list[Part]:
        """The devices that were not given up."""
        return [part for part in self.parts if part.error is None]

    @property
    def idle(self) -> list[Part]:
        """Those that have answered and do nothing now: their sources may be used."""
        return [part for part in self.living if not part.busy and part.source is not None]

    def begin(self, work: Work, parts: Iterable[Part]) -> None:
        """Start work on these devices, but for those that are busy."""
        with self._changed:
            for part in parts:
                if not part.busy and part.error is None:
                    part.busy, part.heard = True, float("inf")
                    self._waiting.append((part, work))
            self._start()

    def wait(self, until: float | None, over: Callable[[], bool], parts: Sequence[Part] | None = None) -> None:
        """Wait until this time (of time.monotonic), or if that is None until none of these devices is busy (all of them
        by default); no longer than until `over`. Raises what is no device's fault."""
        with self._changed:
            while not over():
                now = time.monotonic()
                self._give_up_silent(now)
                if self._fatal is not None:
                    raise self._fatal
                if until is not None and now >= until:
                    return
                if until is None and not any(part.busy and part.error is None for part in parts or self.parts):
                    return
                self._changed.wait(_TICK_SECONDS if until is None else min(_TICK_SECONDS, until - now))

    def drop(self) -> None:
        """Take nothing more from any thread."""
        with self._changed:
            self._dropping = True

    def look(self, part: Part) -> None:
        """Work: connect if that is to be done, then take what is new. Its channels are held for `channels`."""
        if part.source is None:
            self._open(part)
        source = part.source
        if source is None:
            return
        with self._reporting(part):
            for message in self.collector.followed(source):
                self.keep(part, message)
                if self.enough:
                    break
        source.look()

    def _open(self, part: Part) -> None:
        client = self._connect(part.url)
        try:
            said = client.info()
            part.name = self._names.get(said.device or b"", part.url)
            source = Source(client, part.name)
            self._answered(part, source)
            with self._reporting(part):
                self.collector.resume(source)
            for message in certifying(client):
                self.keep(part, message)
            # whom it obeys, where it has changed hands: a ledger may need its word
            for raw in [*client.transfers(), client.status().raw] if said.raw.get("transfers") else ():
                self.keep(part, parse_message(raw))
        except BaseException:
            if part.source is None:
                client.close()
            raise

    @contextmanager
    def _reporting(self, part: Part) -> Iterator[None]:
        """Report a device that contradicts itself; what is left of it is still gathered."""
        try:
            yield
        except Equivocation as fork:
            with self._changed:
                part.fork = fork
                self._failed(part)

    def _answered(self, part: Part, source: Source) -> None:
        with self._changed:
            part.source, part.heard = source, time.monotonic()

    def keep(self, part: Part, message: Message[Body]) -> None:
        """Take a message that a device has shown, where no other has shown it before. In one step: a certificate that
        two devices show is kept before what rests on it, and by the other where one of them is given up."""
        with self._changed:
            part.heard = time.monotonic()
            if self._dropping or part.error is not None or self._fatal is not None:
                part.exact = False
                raise _Dropped
            if self.collector.take(message):
                self._take(message.raw, part)

    def _start(self) -> None:
        """Start what waits for a thread; the lock is held."""
        while self._waiting and self._active < self._jobs:
            part, work = self._waiting.popleft()
            self._active += 1
            part.heard = time.monotonic()
            threading.Thread(target=self._run, args=(part, work), daemon=True).start()

    def _run(self, part: Part, work: Work) -> None:
        error: BaseException | None = None
        try:
            work(part)
        except _Dropped:
            pass
        except BaseException as caught:  # it is the main thread's to handle
            error = caught
        with self._changed:
            if part.error is None:  # else its place was given to another one already
                self._active -= 1
                part.busy = False
                if isinstance(error, OF_DEVICE):
                    self._give_up(part, error)
                elif error is not None:
                    self._fatal = self._fatal or error
            self._start()
            self._changed.notify_all()
        if part.error is not None and part.source is not None:
            part.source.client.close()

    def _give_up_silent(self, now: float) -> None:
        for part in self.living if self._timeout is not None else ():
            if part.busy and now - part.heard > (self._timeout or 0):
                self._active -= 1
                remedy = "Check that it is on and connected; --timeout says how long it may stay silent."
                self._give_up(part, Unreachable(f"{part.url}: no answer in {self._timeout:g} s", remedy=remedy))
        self._start()

    def _give_up(self, part: Part, error: SealwrightError) -> None:
        part.error = error
        self._failed(part)

    def close(self) -> None:
        """Close the links that nobody uses; the others end with their threads."""
        self.drop()
        for part in self.parts:
            if part.source is not None and not part.busy:
                part.source.client.close()
