"""The part `settle`: what is in the spool into the home's ledger, in order.

What moves money is durable before the position moves on, and the same message settles once: a part that was killed
takes its last batch again. Readings are left out, as they move nothing. What the ledger refuses for now waits, see
`waiting`. Channels that devices ask for are funded as every channel-open is: where the payer's balance covers it.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Final

from ..bookkeeping import note_head, open_ledger
from ..errors import Unreachable
from ..home import Home
from ..ledger import Ledger, LedgerBusy, LedgerFull, LedgerInterrupted, LedgerUnreachable
from ..operate.granted import Granted
from ..verify import Verdict
from ..verify.codes import OTHER_SHARD
from ..wire.messages import Reading
from ..wire.messages.shapes import in_usual_place
from .consuming import Batch
from .fleet import Fleet
from .fleet_tables import FleetError
from .folder import HubFolder
from .joined import joint_of
from .joining import Lane
from .settings import Settings
from .state import State
from .waiting import CODES

PART: Final = "settle"
PASSING: Final = (LedgerBusy, LedgerFull, LedgerInterrupted, LedgerUnreachable)  # errors that pass by themselves
_PASSING: Final = (*PASSING, Unreachable)  # and where a cluster's servers are away
_LOOK_SECONDS: Final = 0.2
_AGAIN_SECONDS: Final = 2.0
_LEAST_PAUSE: Final = 2.0  # between two tries of what waits
_MOST_PAUSE: Final = 300.0


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Settle until `stop` is set. Raises LedgerError for a ledger that is damaged or is another's, and Usage."""
    folder = HubFolder(home.folder)
    folder.make()
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(home, allow_test=settings.allow_test))
        fleet = stack.enter_context(Fleet(folder.fleet, write=True))
        joint = stack.enter_context(closing(joint_of(home, settings, PART)))
        state = State(folder.state(settings.named or PART), PART)
        first = settings.newest_first
        lanes = [_Settling(home, ledger, fleet, lane, newest_first=first, state=state) for lane in joint.lanes()]
        state.tell(now=True)
        while not stop.is_set():
            held = ""
            busy = False
            for work in lanes:
                try:
                    busy = work.step() or busy
                except _PASSING as error:
                    held = f"{error}. {error.remedy}"
            state.hold(held)
            state.backlog = sum(work.behind for work in lanes)
            state.counts["waiting"] = sum(work.waiting for work in lanes)
            state.tell()
            if held or not busy:
                stop.wait(_AGAIN_SECONDS if held else _LOOK_SECONDS)
        state.tell(now=True)


class _Settling:
    """One lane, and what it does with a batch. state: of the whole part."""

    def __init__(
        self, home: Home, ledger: Ledger, fleet: Fleet, lane: Lane, *, newest_first: bool, state: State
    ) -> None:
        self._home, self._ledger, self._fleet = home, ledger, fleet
        self._newest_first = newest_first
        self._lane, self._waiting = lane, lane.later
        self._again, self._pause, self._tried = 0.0, _LEAST_PAUSE, -1
        self._state = state
        self.behind = 0

    @property
    def waiting(self) -> int:
        """How many messages wait for others."""
        return len(self._waiting)

    def step(self) -> bool:
        """Settle the next batch; whether there was one. Raises LedgerError, Usage, and Unreachable where the servers of
        a cluster are away."""
        try:
            batch = self._lane.source.next()
            if batch is not None:
                self._settle(batch)
            else:
                self._try_again()
        finally:
            self.behind = self._lane.source.behind()
        return batch is not None

    def _settle(self, batch: Batch) -> None:
        messages = [raw for raw in batch.messages if not in_usual_place(raw)]
        if messages:
            self._enter(messages)
        self._lane.source.passed(batch)

    def _enter(self, messages: Sequence[bytes]) -> None:
        """Messages into the ledger; what it refuses for now waits, on disk."""
        granted = Granted(self._home)
        verdicts = self._ledger.settle(
            granted.before(messages), newest_first=self._newest_first, shards=self._lane.shards
        )
        new, done, others, counts = [], [], [], Counter[str]()
        for verdict in _of_money(granted.without(verdicts)):
            counts[verdict.code] += 1
            if verdict.code == OTHER_SHARD and verdict.digest is not None:
                others.append((verdict.digest, messages[verdict.n]))
                done.append(verdict.digest)
            if verdict.digest is None or verdict.message is None:
                continue
            if verdict.code in CODES:
                new.append((verdict.digest, verdict.message.raw))
            else:
                done.append(verdict.digest)
        note_head(self._home, self._ledger)
        self._lane.forward(others)
        lost = self._waiting.update(new, done)
        for code, count in counts.items():
            self._state.counts[code] += count
        self._state.counts["settled"] = self._ledger.head().n
        self._note(counts, lost)

    def _note(self, counts: Counter[str], lost: int) -> None:
        try:
            if counts:
                self._fleet.note_verdicts(counts)
            if lost:
                why = f"{lost} messages that waited for others were left out: there were too many"
                self._fleet.note_fault(None, "waiting_full", why)
        except FleetError as error:  # what people see is not worth stopping for
            self._state.text = str(error)

    def _try_again(self) -> None:
        """What waits, once the log has grown since, and now and then for what waits for its time."""
        now = time.monotonic()
        if not len(self._waiting) or now < self._again:
            return
        rows = self._ledger.head().n
        self._pause = _LEAST_PAUSE if rows != self._tried else min(2 * self._pause, _MOST_PAUSE)
        self._again = now + self._pause
        self._enter(self._waiting.messages())
        self._tried = self._ledger.head().n


def _of_money(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    """Those that are no readings: one in an unusual form was let through."""
    return (verdict for verdict in verdicts if verdict.type != Reading.NAME)
