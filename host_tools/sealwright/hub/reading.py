"""The part `readings`: what is in the spool into the home's store of readings.

Each batch is verified once more, since the store says of each row what proves it, and is one transaction, durable
before the position moves on; a reading that is there already changes nothing. A batch is cut where a device's log does
not go on: an older bundle may have come after a newer one, and each is a whole log by itself. What intake took and the
store does not, as where a certificate has just ended, is kept in `HOME/hub/not-imported.bundle`: its device may have
forgotten it. Limits: of that the newest MOST_LEFT bytes or so.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Final

from ..errors import Rejected, Unreachable
from ..home import Home
from ..readings import ReadingsBusy, ReadingStore
from ..readings.faults import ReadingsFull
from ..readings.intake import Intake, taking
from ..verify import Policy, Verifier
from ..verify.codes import EQUIVOCATION
from ..verify.policy import CHAINED
from ..wire.bundle import BundleWriter
from ..wire.messages import Certificate, Message, Reading, parse_message
from ..wire.messages.shapes import KID_AT, in_usual_place
from .consuming import Batch
from .folder import HubFolder
from .joined import joint_of
from .joining import Joint
from .known import Known, KnownMemory, is_support
from .settings import Settings
from .state import State

PART: Final = "readings"
MOST_LEFT: Final = 32 << 20
_LOOK_SECONDS: Final = 0.5
_AGAIN_SECONDS: Final = 5.0


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Import until `stop` is set. Raises a ReadingsError for a store that is damaged, and Usage."""
    folder = HubFolder(home.folder)
    folder.make()
    with closing(joint_of(home, settings, PART)) as joint, ReadingStore(home.readings_path) as store:
        work = _Importing(home, settings, store, joint)
        while not stop.is_set():
            try:
                if not work.step():
                    stop.wait(_LOOK_SECONDS)
            except (ReadingsBusy, ReadingsFull, Unreachable) as error:
                work.state.hold(f"{error}. {error.remedy}")
                stop.wait(_AGAIN_SECONDS)
        work.state.tell(now=True)


class _Importing:
    """The consumer, and what it does with a batch."""

    def __init__(self, home: Home, settings: Settings, store: ReadingStore, joint: Joint) -> None:
        folder = HubFolder(home.folder)
        self._roots: list[Message[Certificate]] = home.roots()
        self._policy = Policy(allow_test=settings.allow_test, proof=CHAINED)
        self._store = store
        self._consumer = joint.readings(is_support)
        self._known = Known(home, None, joint.certificates)
        self._left = folder.path / "not-imported.bundle"
        self.state = State(folder.state(PART), PART)
        self.state.tell(now=True)

    def step(self) -> bool:
        """Import the next batch; whether there was one."""
        batch = self._consumer.next()
        if batch is not None:
            self._take(batch)
        self.state.hold("")
        self.state.backlog = self._consumer.behind()
        self.state.tell()
        return batch is not None

    def _take(self, batch: Batch) -> None:
        wanted = [raw for raw in batch.messages if raw[:3] != _OTHER or is_support(raw)]
        if any(not is_support(raw) for raw in wanted):
            support = [*batch.support, *filter(is_support, wanted)]
            for raw in support:
                self._known.learn(parse_message(raw))
            self._known.look_up({raw[KID_AT] for raw in wanted if in_usual_place(raw)})
            left: list[bytes] = []
            with taking(self._store) as intake:
                for log in [support, *_logs(wanted)]:
                    self._judge(log, intake, left)
            self.state.counts.update(intake.counts)
            self.state.counts["contradictions"] += len(intake.contradictions)
            self._leave(left)
        self._consumer.passed(batch)

    def _judge(self, messages: Iterable[bytes], intake: Intake, left: list[bytes]) -> None:
        verifier = Verifier(self._roots, self._policy, KnownMemory(self._known))
        for verdict in verifier.run(messages):
            test = verdict.device is not None and verifier.is_test(verdict.device)
            taken = intake.add(verdict, test=test) and (verdict.ok or verdict.code in _TAKEN)
            if verdict.type == Reading.NAME and not taken and verdict.message is not None:
                self.state.counts[verdict.code] += 1
                left.append(verdict.message.raw)

    def _leave(self, left: list[bytes]) -> None:
        if left:
            if self._left.exists() and self._left.stat().st_size > MOST_LEFT:
                self._left.replace(self._left.with_name("not-imported-before.bundle"))
            with BundleWriter(self._left, append=True) as writer:
                for raw in left:
                    writer.add(raw)
                writer.sync()
            self.state.counts["not imported"] += len(left)


_TAKEN: Final = frozenset({EQUIVOCATION, "replay"})
_OTHER: Final = b"\xd2\x84\x51"  # how a message that is no reading begins


def _logs(messages: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The readings, cut where a signer's log does not go on."""
    part: list[bytes] = []
    last: dict[bytes, bytes] = {}
    for raw in messages:
        if is_support(raw):
            continue
        try:
            message = parse_message(raw)
        except Rejected:
            continue
        if isinstance(message.body, Reading):
            before = last.get(message.kid)
            if before not in (None, message.body.prev):
                yield part
                part, last = [], {}
            last[message.kid] = message.digest
            part.append(raw)
    yield part
