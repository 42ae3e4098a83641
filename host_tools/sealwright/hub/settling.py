"""The part `settle`: what is in the spool into the home's ledger, in order.

What moves money is durable before the position moves on, and the same message settles once: a part that was killed
takes its last batch again. Readings are left out, as they move nothing. What the ledger refuses for now waits, see
`waiting`. Channels that devices ask for are funded as every channel-open is: where the payer's balance covers it.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Final

from ..bookkeeping import note_head, open_ledger
from ..home import Home
from ..ledger import Ledger, LedgerBusy, LedgerError, LedgerFull, LedgerInterrupted, LedgerUnreachable
from ..operate.granted import Granted
from ..verify import Verdict
from ..wire.messages import Reading
from ..wire.messages.shapes import in_usual_place
from .consuming import Batch, Consumer
from .fleet import Fleet
from .fleet_tables import FleetError
from .folder import HubFolder
from .settings import Settings
from .state import State
from .waiting import CODES, Waiting

PART: Final = "settle"
PASSING: Final = (LedgerBusy, LedgerFull, LedgerInterrupted, LedgerUnreachable)  # errors that pass by themselves
_LOOK_SECONDS: Final = 0.2
_BATCH_BYTES: Final = 512 << 10
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
        work = _Settling(home, settings, ledger, fleet)
        while not stop.is_set():
            try:
                if not work.step():
                    stop.wait(_LOOK_SECONDS)
            except PASSING as error:
                work.hold(error)
                stop.wait(_AGAIN_SECONDS)
        work.state.tell(now=True)


class _Settling:
    """The consumer, and what it does with a batch."""

    def __init__(self, home: Home, settings: Settings, ledger: Ledger, fleet: Fleet) -> None:
        folder = HubFolder(home.folder)
        self._home, self._ledger, self._fleet = home, ledger, fleet
        self._newest_first = settings.newest_first
        self._consumer = Consumer(folder.spool, PART, size=_BATCH_BYTES)
        self._waiting = Waiting(folder.path / "waiting.bundle")
        self._again, self._pause, self._tried = 0.0, _LEAST_PAUSE, -1
        self.state = State(folder.state(PART), PART)
        self.state.tell(now=True)

    def step(self) -> bool:
        """Settle the next batch; whether there was one. Raises LedgerError, Usage."""
        batch = self._consumer.next()
        if batch is not None:
            self._settle(batch)
        else:
            self._try_again()
        self.state.hold("")
        self.state.backlog = self._consumer.behind()
        self.state.counts["waiting"] = len(self._waiting)
        self.state.tell()
        return batch is not None

    def hold(self, error: LedgerError) -> None:
        """Say why nothing is settled now."""
        self.state.hold(f"{error}. {error.remedy}")
        self.state.backlog = self._consumer.behind()
        self.state.tell()

    def _settle(self, batch: Batch) -> None:
        messages = [raw for raw in batch.messages if not in_usual_place(raw)]
        if messages:
            self._enter(messages)
        self._consumer.passed(batch)

    def _enter(self, messages: Iterable[bytes]) -> None:
        """Messages into the ledger; what it refuses for now waits, on disk."""
        granted = Granted(self._home)
        verdicts = self._ledger.settle(granted.before(messages), newest_first=self._newest_first)
        new, done, counts = [], [], Counter[str]()
        for verdict in _of_money(granted.without(verdicts)):
            counts[verdict.code] += 1
            if verdict.digest is None or verdict.message is None:
                continue
            if verdict.code in CODES:
                new.append((verdict.digest, verdict.message.raw))
            else:
                done.append(verdict.digest)
        note_head(self._home, self._ledger)
        lost = self._waiting.update(new, done)
        for code, count in counts.items():
            self.state.counts[code] += count
        self.state.counts["settled"] = self._ledger.head().n
        self._note(counts, lost)

    def _note(self, counts: Counter[str], lost: int) -> None:
        try:
            if counts:
                self._fleet.note_verdicts(counts)
            if lost:
                why = f"{lost} messages that waited for others were left out: there were too many"
                self._fleet.note_fault(None, "waiting_full", why)
        except FleetError as error:  # what people see is not worth stopping for
            self.state.text = str(error)

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
