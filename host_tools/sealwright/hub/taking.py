"""Bundles into the spool: judged, on disk, counted; what may be acknowledged of each device's log.

A message that is not taken holds back no other, and no acknowledgement goes past a reading that was not taken, see
`log`.
Backpressure: while the spool or the disk is full, `take` waits, and so does the side that brings messages; nothing is
acknowledged meanwhile, so devices keep it.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any, Final

from ..verify import Verdict
from ..wire.messages import Offer, Reading
from .checking import Checking, is_left_out, is_taken
from .fleet import Fleet
from .fleet_tables import FleetError
from .joining import Sink
from .known import Known
from .log import Log
from .spool import SpoolFull
from .state import State

CHUNK_BYTES: Final = 256 << 10
_WAIT_SECONDS: Final = 0.2
_MOST_FAULTS: Final = 5  # that one bundle notes


class Stopped(Exception):
    """The hub ends while a bundle was being taken; the bundle comes again."""


class Taker:
    """Takes bundles. stop: set when the hub ends."""

    def __init__(
        self, checking: Checking, known: Known, spool: Sink, *, fleet: Fleet, state: State, stop: threading.Event
    ) -> None:
        self._checking, self._known, self._spool = checking, known, spool
        self._fleet, self._state, self._stop = fleet, state, stop
        self._seen: dict[bytes, str] = {}
        self._infos: dict[bytes, dict[str, Any]] = {}

    def take(
        self, messages: Iterable[bytes], how: str, logs: MutableMapping[bytes, Log] | None = None
    ) -> Iterator[Counter[str]]:
        """Take one bundle; after each part that is on disk, gives how many of its messages were left out, by code, and
        under "" how many there were. logs: by device id, those whose readings came in order by one way. Raises Stopped,
        and Usage where the disk fails."""
        pending: list[Verdict] = []
        size, faults = 0, 0
        for verdict in self._checking.run(messages):
            pending.append(verdict)
            size += len(verdict.message.raw) if verdict.message is not None else 0
            if is_left_out(verdict) and faults < _MOST_FAULTS:
                faults += 1
                self.fault(verdict.device, verdict.code, verdict.why)
            if size >= CHUNK_BYTES:
                yield self._keep(pending, how, logs)
                pending, size = [], 0
        if pending:
            yield self._keep(pending, how, logs)

    def _keep(self, verdicts: list[Verdict], how: str, logs: MutableMapping[bytes, Log] | None) -> Counter[str]:
        taken = [one for one in verdicts if is_taken(one)]
        messages = [one.message.raw for one in taken if one.message is not None]
        kids = dict.fromkeys(one.message.kid for one in taken if one.message is not None)
        self._write(messages, self._known.support(kids))
        for verdict in verdicts:
            self._note(verdict, how, logs)
        counts = Counter(one.code for one in verdicts if is_left_out(one))
        counts[""] = len(verdicts)
        self._state.counts["messages"] += len(verdicts)
        self._state.counts["taken"] += len(messages)
        self._state.counts["readings"] += sum(one.type == Reading.NAME for one in taken)
        return counts

    def _write(self, messages: list[bytes], support: dict[bytes, bytes]) -> None:
        while True:
            if self.wait_for_room():
                raise Stopped
            try:
                self._spool.add(messages, support)
                return
            except SpoolFull as error:
                self._hold(f"{error}. {error.remedy}")

    def wait_for_room(self) -> bool:
        """Wait until the spool takes more; whether the hub ends instead."""
        while not self._stop.is_set():
            self._spool.trim()
            if self._spool.disk_is_full:
                self._hold("the disk is nearly full: nothing is taken in until there is room")
            elif not self._spool.room:
                self._hold("the spool is full: intake waits until the ledger and the store have gone on")
            else:
                self._state.hold("")
                return False
        return True

    def _hold(self, text: str) -> None:
        self._state.backlog = self._spool.size
        self._state.hold(text)
        self._state.tell()
        self._stop.wait(_WAIT_SECONDS)

    def _note(self, verdict: Verdict, how: str, logs: MutableMapping[bytes, Log] | None) -> None:
        message, device = verdict.message, verdict.device
        if message is None or device is None:
            return
        body = message.body
        if isinstance(body, Reading):
            log = None if logs is None else logs.get(device)
            if is_taken(verdict):  # else the log does not go on from here, and nothing after it is acknowledged
                self._seen[device] = how
                if log is not None:
                    log.take(body.seq, message.digest, body.prev)
        elif isinstance(body, Offer) and verdict.ok:
            try:
                self._fleet.note_offer(device, body.offered_at, message.raw)
            except FleetError as error:
                self._state.text = str(error)

    def see(self, device: bytes, how: str, info: dict[str, Any] | None = None) -> None:
        """A device has answered, and said this of itself."""
        self._seen[device] = how
        if info is not None:
            self._infos[device] = info

    def fault(self, device: bytes | None, code: str, text: str) -> None:
        """Something went wrong with a device, or with nobody's."""
        self._state.counts["faults"] += 1
        try:
            self._fleet.note_fault(device, code, text)
        except FleetError as error:  # what people see is not worth stopping for
            self._state.text = str(error)

    def tell(self) -> None:
        """Write down what was noticed."""
        counts, seen, infos = self._checking.take_counts(), self._seen, self._infos
        self._seen, self._infos = {}, {}
        try:
            if counts:
                self._fleet.note_verdicts(counts)
            if seen:
                self._fleet.note_seen(seen, infos)
        except FleetError as error:
            self._state.text = str(error)
        self._state.backlog = self._spool.size
        self._state.tell()
