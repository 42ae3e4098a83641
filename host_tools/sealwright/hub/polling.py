"""Devices that are asked: those that the register has at a URL, and those that are at the broker.

Each is looked at in turn, side by side: its readings, its channels, what it says of itself. The hub acknowledges
what is safe, so that the device may forget it, and brings the ledger's word that its channels are funded. A device that
fails is left alone for a while that doubles, and holds up no other.
Limits: a link to a URL stays open between two looks, as that of `collect --follow` does; one by a broker does not.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from ..errors import SealwrightError
from ..home import Home
from ..link import Client
from ..operate import owner
from ..operate.gathering import OF_DEVICE, Gathering, Part
from ..operate.logs import Logs
from ..verify.policy import CHAINED
from .asked import MOST_PAUSE, Asked, hear_what_it_forgot, is_closed, unfunded
from .fleet import BROKER
from .gathered import Bounded
from .ledger_asked import LedgerAsked
from .log import Log, Safe
from .renewals import Renewals

JOBS: Final = 32
TIMEOUT: Final = 30.0  # seconds of silence
ACK_SECONDS: Final = 60.0  # an acknowledgement costs the device a write to its flash
_LEAST_PAUSE: Final = 15.0
_MOST_HELD: Final = 4 << 20  # bytes that were gathered and not taken yet: then every device stops where it is
_BROKER_EVERY: Final = 60.0  # seconds between two looks at a device by a broker: each is a connection of its own


# gets a device's id, or b"" where it is unknown, its URL, and what went wrong
Failed = Callable[[bytes, str, SealwrightError], None]


class Polling(Gathering):
    """The devices. open: connects to a URL, and raises what `Client` does. failed: gets each that fails."""

    def __init__(self, home: Home, open: Callable[[str], Client], failed: Failed, every: float) -> None:
        self.logs = Logs(home)
        super().__init__(
            [], open, home.names(), self._hold, self._drop, jobs=JOBS, timeout=TIMEOUT, logs=self.logs, proof=CHAINED
        )
        self.collector: Bounded = Bounded(self.logs)
        self._home, self._told, self._every = home, failed, every
        self.asked: dict[str, Asked] = {}
        self._size = 0  # of what was gathered
        self._funded: dict[str, list[bytes]] = {}

    def of(self, wanted: Mapping[str, Log]) -> None:
        """The devices at these URLs are to be asked from now on, and no others; with what came of their logs."""
        with self._changed:
            for url in [url for url in self.asked if url not in wanted]:
                self._end(self.asked.pop(url))
            for url, log in wanted.items():
                if url not in self.asked:
                    self.asked[url] = Asked(Part(url, url), log=log)
                    self.parts.append(self.asked[url].part)

    def _end(self, asked: Asked) -> None:
        if asked.part in self.parts:
            self.parts.remove(asked.part)
        if asked.part.source is not None and not asked.part.busy:
            asked.part.source.client.close()

    def step(self, seconds: float) -> list[tuple[Asked, list[bytes]]]:
        """Look at those whose turn it is, for some `seconds`; what each has shown, in an order that a verifier can
        follow. Raises what is no device's fault."""
        now = time.monotonic()
        due = [one for one in self.asked.values() if now >= one.due and not one.part.busy and one.part.error is None]
        for one in due:
            one.looked = now
            one.due = now + (_BROKER_EVERY if one.how == BROKER else self._every)
        self.begin(self._visit, [one.part for one in due])
        self.wait(now + seconds, lambda: self._size >= _MOST_HELD)
        with self._changed:
            for one in list(self.asked.values()):
                self._settle(one)
            found = [(one, one.gathered) for one in self.asked.values() if one.gathered]
            for one, _ in found:
                one.gathered = []
            for one in self.asked.values() if self.enough else ():
                one.due = 0.0  # it was stopped in the middle
            self._size, self.enough = 0, False
        return found

    def is_stalled(self, one: Asked) -> bool:
        """Whether something was missing after its last two looks: after one, what its broker lost may be on the way. It
        is left alone for a while then, that doubles."""
        if one.part.busy:
            return False
        before = one.stalled
        one.stalled = min(max(2 * before, self._every), MOST_PAUSE) if one.log.gap is not None else 0.0
        one.due = max(one.due, time.monotonic() + one.stalled)
        return before > 0 and one.stalled > 0

    def nudge(self, url: str) -> None:
        """A device was heard at the broker: it may be gone soon."""
        one = self.asked.get(url)
        if (
            one is not None
            and one.part.error is None
            and time.monotonic() - one.looked >= max(_BROKER_EVERY, one.stalled)
        ):
            one.due = 0.0

    def _settle(self, one: Asked) -> None:
        """After a look: take the channels that it showed; the lock is held."""
        part = one.part
        if part.error is not None:
            self._replace(one)
        elif not part.busy and part.source is not None and part.source.held is not None:
            one.pause = 0.0
            one.opens = unfunded(part.source.held)
            for raw in self.collector.channels([part.source]):
                self._keep_one(one, raw)
            ended = part.source.ended
            one.forgettable = [digest for digest in part.source.closed if digest in ended]
            one.closed = [digest for digest in part.source.closed if digest not in ended]

    def _replace(self, one: Asked) -> None:
        """Leave a device alone that failed, then begin anew with it."""
        one.pause = min(max(2 * one.pause, _LEAST_PAUSE), MOST_PAUSE)
        one.due = time.monotonic() + one.pause
        self._end(one)
        one.part = Part(one.part.url, one.part.url)
        self.parts.append(one.part)

    def _visit(self, part: Part) -> None:
        """Work: look at a device, and note what it says of itself."""
        asked = self.asked.get(part.url)
        if part.source is None:
            self._open(part)
        if part.source is not None and asked is not None:
            asked.device = part.source.key.device_id
            if asked.log.is_unsure:
                hear_what_it_forgot(part.source.client, asked.log)
            part.source.seq, part.source.digest = asked.log.safe  # what was gathered and not taken comes again
        self.look(part)
        if asked is not None and part.source is not None:
            asked.info = part.source.client.info().raw

    def _hold(self, raw: bytes, part: Part) -> None:
        asked = self.asked.get(part.url)
        if asked is not None and asked.part is part:
            self._keep_one(asked, raw)
        self.enough = self._size >= _MOST_HELD

    def _keep_one(self, one: Asked, raw: bytes) -> None:
        one.gathered.append(raw)
        self._size += len(raw)

    def _drop(self, part: Part) -> None:
        asked = self.asked.get(part.url)
        if part.wrong is not None:
            self._told(asked.meant if asked is not None else b"", part.url, part.wrong)

    def serve(self, ledger: LedgerAsked) -> None:
        """Tell devices what is safe, and bring them the ledger's word on their channels; what `step` gave before is on
        disk. ledger: raises a LedgerError."""
        self.logs.keep()
        now = time.monotonic()
        for one in self._free():
            words = [raw for digest in one.opens if (raw := ledger.funding(digest)) is not None]
            if words:
                one.opens = []
                self._funded[one.part.url] = words
                self.begin(self._fund, [one.part])
            elif now - one.acked_at >= ACK_SECONDS:
                self._acknowledge(one, one.log.safe, ledger)

    def renew(self, renewals: Renewals) -> None:
        """Renew the certificates that are due, of devices that have answered."""
        for one in self._free():
            due = renewals.due(one.device)
            if due is not None:
                self.begin(partial(renewals.visit, due), [one.part])

    def _free(self) -> list[Asked]:
        """Those that have answered, do nothing now and contradict nothing."""
        with self._changed:
            idle = {id(part) for part in self.idle if part.fork is None}
            return [one for one in self.asked.values() if id(one.part) in idle]

    def _acknowledge(self, one: Asked, safe: Safe, ledger: LedgerAsked) -> None:
        settled = [digest for digest in one.closed if is_closed(ledger, digest)]
        forgettable = [*one.forgettable, *settled]
        if safe.seq <= one.acked and not forgettable:
            return
        one.acked_at = time.monotonic()

        def tell(part: Part) -> None:
            if part.source is not None:
                owner.acknowledge(self._home, part.source.client, safe.seq, forgettable, safe.digest)
                one.acked, one.closed, one.forgettable = safe.seq, [], []

        self.begin(self._tolerant(tell), [one.part])

    def _fund(self, part: Part) -> None:
        if part.source is not None:
            for raw in self._funded.pop(part.url, []):
                part.source.client.ledger(raw)

    def _tolerant(self, work: Callable[[Part], None]) -> Callable[[Part], None]:
        """Work that a device may refuse and still be asked: it may be another owner's."""

        def run(part: Part) -> None:
            try:
                work(part)
            except OF_DEVICE as error:
                asked = self.asked.get(part.url)
                self._told(asked.meant if asked is not None else b"", part.url, error)

        return run
