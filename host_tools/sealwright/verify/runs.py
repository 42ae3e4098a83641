"""A run of readings as usual: each names the one before it, and nothing about any of them needs a second look.

Purpose: to judge such a run all at once, with what the rules of `judge` and `readings` say of each of its readings.
Limits: what is not as usual in any respect is left to those rules, reading by reading.
"""

from collections.abc import Sequence
from typing import Final

from ..wire.certificates import CLOCK_SKEW, Fault
from ..wire.messages import Message, Reading
from ..wire.messages.shapes import HASH_HEAD, NULL, Glimpse, Shape, glimpse, time_in
from ..wire.messages.unread import UnreadReading
from .authority import device_fault
from .bulk import without_cycles
from .bundle_memory import BundleMemory
from .codes import OK, first
from .judge import Judge
from .links import Link
from .readings import CLOCK_SET, UNSET, Head
from .signer import Signer
from .verdict import BY_CHAIN, SIGNED, Verdict

SET: Final = frozenset(bytes((quality,)) for quality in range(CLOCK_SET, 4))


def standing_fault(judge: Judge, signer: Signer) -> Fault | None:
    """What is wrong with every reading that this verified signer signed, whatever it says and whenever it was taken."""
    return first(judge.signers.fault(signer), device_fault(signer))


class Run:
    """Readings that follow each other; `seal` is the last."""

    def __init__(self, items: Sequence[tuple[int, bytes]], seen: Glimpse) -> None:
        self._items, self._seen, self._at = items, seen, 0
        rows = zip(items, seen.digests, zip(seen.numbers, seen.times, strict=True), strict=True)
        self.messages = [UnreadReading(raw, digest, both) for (_, raw), digest, both in rows]
        self._at_end: int | None = None

    @classmethod
    def of(cls, items: Sequence[tuple[int, bytes]], shapes: Sequence[Shape]) -> "Run | None":
        """The run that these readings are, or None. shapes: those known of their log."""
        with without_cycles():
            seen = glimpse([raw for _, raw in items], shapes)
            if seen is None or list(seen.before[1:]) != [HASH_HEAD + digest for digest in seen.digests[:-1]]:
                return None
            start = seen.numbers[0]
            return cls(items, seen) if seen.numbers == list(range(start, start + len(items))) else None

    @property
    def seal(self) -> Message[Reading]:
        """The last."""
        return self.messages[-1]

    def link(self, at: int) -> Link:
        """One of those that are left, counted from 0."""
        return Link(self._items[self._at + at][0], self.messages[self._at + at])

    def first(self, count: int) -> "Run":
        """A run of the first ones."""
        times, numbers, before, qualities, digests = self._seen
        parts = (times[:count], numbers[:count], before[:count], qualities[:count], digests[:count])
        return Run(self._items[:count], Glimpse(*parts))

    def drop_first(self) -> bool:
        """Leave out the first of those that are left; whether more are."""
        self._at += 1
        return self._at < len(self._items)

    def crosses(self, judge: Judge, signer: Signer) -> bool:
        """Whether the log's key was rotated within the run."""
        return judge.signers.lines.crosses(signer.id, self._seen.numbers[0], self._seen.numbers[-1])

    def is_usual(self, judge: Judge, memory: BundleMemory, signer: Signer) -> bool:
        """Whether what is left continues what is known of its signer's log, and nothing is odd about any of it."""
        device, seen = signer.id, self._seen
        lines = judge.signers.lines
        if lines.of(device) and lines.reading_fault(device, signer.generation, seen.numbers[-1], seen.digests[-1]):
            return False  # the key did not change within the run
        standing = standing_fault(judge, signer)
        return standing is None and self.continues(memory, device, judge.policy.now() + CLOCK_SKEW)

    def continues(self, memory: BundleMemory, device: bytes, latest: int) -> bool:
        """Whether what is left continues what is known of this device's log, and nothing is odd about any of it.
        latest: how far ahead a time may be."""
        seen, at = self._seen, self._at
        head, earlier = memory.head(device), memory.earlier.get(device)
        start, end = seen.numbers[at], seen.numbers[-1]
        if head is None:
            follows = earlier is None and start > 0 and (seen.before[at] == NULL) == (start == 1)
        else:
            follows = start > 1 and (HASH_HEAD + head.digest, head.seq + 1) == (seen.before[at], start)
            follows = follows and memory.entries(device).end == start
        if not follows or (earlier is not None and start <= earlier.seq <= end):
            return False
        if memory.revoked_from(device) is not None:
            return False
        return self._in_time(None if head is None else head.at, latest)

    def _in_time(self, before: int | None, latest: int) -> bool:
        """Whether no time is odd, but for clocks that were never set: of all of them, or of none."""
        times, qualities = self._seen.times[self._at :], set(self._seen.qualities[self._at :])
        if not qualities & SET:
            self._at_end = None
            return True
        self._at_end = time_in(times[-1])
        rising = list(times) == sorted(times) and (before or 0) <= time_in(times[0])
        return qualities <= SET and rising and self._at_end <= latest

    def verdicts(self, memory: BundleMemory, device: bytes, *, sealed: bool = True) -> list[Verdict]:
        """The verdicts on what is left of a run as usual, which the memory keeps. sealed: the last proves the others,
        else the signature of each was checked."""
        at, seal = self._at, self._seen.digests[-1]
        proof = (BY_CHAIN, seal) if sealed else (None, None)
        head = memory.head(device)
        before = None if head is None else head.at
        mark, time = (UNSET, before) if self._at_end is None else ("", self._at_end)
        memory.entries(device).add(self._seen.numbers[at], self._seen.digests[at])
        memory.entries(device).extend(self._seen.digests[at + 1 :])
        memory.heads[device] = Head(self._seen.numbers[-1], seal, time)
        name, new = Reading.NAME, tuple.__new__  # a third of the time that a constructor takes
        with without_cycles():
            found = [
                new(Verdict, (n, name, True, OK, message.name, "", device, device, message, mark, *proof))
                for (n, _), message in zip(self._items[at:], self.messages[at:], strict=True)
            ]
        if sealed:
            found[-1] = found[-1]._replace(proof=SIGNED, sealed_by=None)
        return found
