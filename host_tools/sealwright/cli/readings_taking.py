"""Bundles into the home's store, for `sealwright readings import`: what is taken, what is not and why."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ..errors import Rejected, SealwrightError, Usage
from ..readings import ReadingStore
from ..readings.intake import Intake, taking
from ..verify import Policy, Verifier
from ..wire.messages import Certificate, Message, Reading
from . import options
from .problems import Problems
from .session import Advance, Session
from .verdicts import TEST_HINT
from .words import named, number

_EVERY: Final = 256  # messages between two moves of the progress bar


class Taking:
    """The bundles of one call."""

    def __init__(
        self, session: Session, store: ReadingStore, roots: list[Message[Certificate]], policy: Policy
    ) -> None:
        self._session, self._store, self._roots, self._policy = session, store, roots, policy
        self._counts: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._contradictions: dict[tuple[bytes, int], None] = {}
        self._problems = Problems()
        self._failure: SealwrightError | None = None

    def take(self, source: str, *, several: bool) -> None:
        """Take one bundle. Raises Usage and Rejected for what is none, if it is the only one."""
        try:
            messages = options.whole_bundle(source)
        except (Usage, Rejected) as error:
            if not several:
                raise
            self._failure = self._failure or error
            self._session.fail(error, bundle=source)
            return
        with self._session.progress("taking readings") as advance, taking(self._store) as intake:
            self._judge(source, messages, intake, advance)
        self._counts += intake.counts
        self._contradictions |= dict.fromkeys(intake.contradictions)

    def _judge(self, source: str, messages: Iterator[bytes], intake: Intake, advance: Advance) -> None:
        verifier = Verifier(self._roots, self._policy)
        for verdict in verifier.run(messages):
            taken = intake.add(verdict, test=verdict.device is not None and verifier.is_test(verdict.device))
            if not verdict.ok:
                self._problems.note(source, verdict)
                self._codes[verdict.code] += 1
                self._counts["refused"] += verdict.type in (None, Reading.NAME)
            elif not taken:
                self._session.note(f"message {verdict.n}: its number, time or value is too large to be kept")
            if verdict.n % _EVERY == 0:
                advance(verdict.n, f"{verdict.n} messages")

    def finish(self, several: bool) -> int:
        """Show the sum, and return the exit code."""
        session, names, counts = self._session, self._session.names(), self._counts
        self._problems.show(session, names, several=several)
        for device, seq in self._contradictions:
            session.emit(ok=False, code="equivocation", device=device.hex(), name=names.get(device), seq=seq)
            session.say(f"equivocation: {named(device, names)} signed two readings {seq}; both are kept", "red")
        if self._codes["test_root"]:
            session.say(TEST_HINT)
        good = not self._codes and not self._contradictions and not counts["out_of_range"] and self._failure is None
        keys = ("new", "known", "values", "refused", "out_of_range")
        session.emit(ok=good, **{key: counts[key] for key in keys}, contradictions=len(self._contradictions))
        known = f", {counts['known']:,} were there" if counts["known"] else ""
        verb = "does" if counts["refused"] == 1 else "do"
        refused = f", {counts['refused']:,} {verb} not hold" if counts["refused"] else ""
        session.say(f"{number(counts['new'], 'new reading')} with {number(counts['values'], 'value')}{known}{refused}.")
        if self._failure is not None:
            return self._failure.exit_code
        return 0 if good else 1
