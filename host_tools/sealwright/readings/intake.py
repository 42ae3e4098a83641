"""What the store takes: readings that a verifier found to hold, and what proves their signers.

Each batch is one transaction: after a kill the store holds whole batches, and the same bundle goes on from there. A
reading that is there already changes nothing, so the order of bundles decides nothing either. Of two readings with one
number the first stays, and the other is kept as a contradiction; so is one that names another reading before it than
the one that is kept. From the least contradicted number on the device's rows are marked, whichever came first.
Limits: a number, a time or a value beyond 64 bits, or an exponent beyond 6,144, is not taken, see `schema`. A batch is
held in memory: 20 MB.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from ..database.asked import Value
from ..verify import Verdict
from ..verify.codes import EQUIVOCATION
from ..verify.verdict import BY_CHAIN
from ..wire.messages import Body, Certificate, DecimalFraction, Message, Reading, Revocation, Rotation
from ..wire.messages.decimals import MAX_EXPONENT
from ..wire.senml import Measurement, measurements
from .faults import ReadingsError
from .file import ReadingsFile
from .kept import reading_of
from .rows import MICRO
from .store import ReadingStore
from .tables import DigestRow, MessageRow, Tables, ValueRow, head_of

BATCH: Final = 20_000  # readings
_MOST: Final = 2**63 - 1
OUT_OF_RANGE: Final = "out_of_range"


class Contradiction(NamedTuple):
    """A device (id) signed another reading `seq` than the one that is kept, or names another."""

    device: bytes
    seq: int


_Value: TypeAlias = tuple[str, str, int, int, int | None, int | None, Value]


class _Waiting(NamedTuple):
    """A reading that is to be kept. values: (name, unit, at, place, mantissa, exponent, other)."""

    device: bytes
    seq: int
    at: int
    clock: int
    chained: bool
    digest: bytes
    prev: bytes | None
    raw: bytes
    values: tuple[_Value, ...]


class Intake:
    """Takes verdicts into a store's file. counts: `new` readings, those `known` before, those `out_of_range`, and new
    `values`."""

    def __init__(self, database: ReadingsFile, batch: int = BATCH) -> None:
        self._database, self._tables, self._batch = database, Tables(database), batch
        self._waiting: dict[tuple[bytes, int], _Waiting] = {}
        self._others: list[_Waiting] = []  # with a number that another one has
        self._support: dict[bytes, tuple[bytes, bytes]] = {}
        self._devices: dict[bytes, int] = {}
        self._test: set[bytes] = set()
        self._series: dict[tuple[int, str, str], int] = {}
        self.counts: Counter[str] = Counter()
        self._contradictions: dict[Contradiction, None] = {}

    @property
    def contradictions(self) -> list[Contradiction]:
        """Those that what was written until now has shown, also where they were known before."""
        return list(self._contradictions)

    def add(self, verdict: Verdict, *, test: bool = False) -> bool:
        """Take what a verdict shows; False for a reading that holds and cannot be kept. test: by a root for emulated
        machines. Raises a ReadingsError where a batch is written and cannot be."""
        message = verdict.message
        if message is None or not (verdict.ok or verdict.code == EQUIVOCATION):
            return True
        if verdict.type != Reading.NAME:
            if verdict.ok:
                self._note_support(message)
            self._flush_when_full()
            return True
        one = None if verdict.device is None else _waiting(verdict, verdict.device)
        if one is None:
            self.counts[OUT_OF_RANGE] += 1
            return False
        if test and one.device not in self._test:
            self._test.add(one.device)
            self._devices.pop(one.device, None)  # to be marked
        first = self._waiting.setdefault((one.device, one.seq), one)
        if first.digest != one.digest:
            self._others.append(one)
        elif not verdict.ok:  # the first with its number is in the store, or did not hold
            self._others.append(self._waiting.pop((one.device, one.seq)))
        self._flush_when_full()
        return True

    def _flush_when_full(self) -> None:
        if len(self._waiting) + len(self._others) + len(self._support) >= self._batch:
            self.flush()

    def _note_support(self, message: Message[Body]) -> None:
        match message.body:
            case Certificate() as body:
                about = body.key.kid
            case Rotation() | Revocation() as body:
                about = body.device[:8]
            case _:
                return
        self._support[message.digest] = (about, message.raw)

    def flush(self) -> None:
        """Write what waits: all of it, or nothing. Raises a ReadingsError."""
        counts, found = Counter[str](), list[Contradiction]()
        try:
            with self._database.writing():
                for digest, (about, raw) in self._support.items():
                    self._tables.put_support(digest, about, raw)
                self._write(counts, found)
        except BaseException:  # numbers that were given are taken back with the transaction
            self._devices.clear()
            self._series.clear()
            raise
        self.counts += counts
        self._contradictions |= dict.fromkeys(found)
        self._waiting, self._others, self._support = {}, [], {}

    def _write(self, counts: Counter[str], found: list[Contradiction]) -> None:
        messages: list[MessageRow] = []
        digests: list[DigestRow] = []
        measured: list[ValueRow] = []
        for run in _runs(sorted(self._waiting.values(), key=lambda one: one[:2])):
            device = self._device(run[0].device)
            known = self._tables.digests(device, run[0].seq - 1, run[-1].seq + 1)
            for one in run:
                other = known.get(one.seq)
                if other is not None:
                    counts["known"] += other == one.digest
                    self._compare(device, one, other, found)
                    continue
                known[one.seq] = one.digest
                messages.append((device, one.seq, one.at, one.clock, int(one.chained), one.digest, one.raw))
                digests.append((head_of(one.digest), device, one.seq))
                for name, unit, at, place, mantissa, exponent, other_value in one.values:
                    series = self._of(device, name, unit)
                    measured.append((series, at, one.seq, place, mantissa, exponent, other_value))
            self._compare_links(device, run, known, found)
        counts["new"], counts["values"] = len(messages), len(measured)
        self._tables.put(messages, digests, measured)
        for one in self._others:
            device = self._device(one.device)
            kept = self._tables.message(device, one.seq)
            if kept is not None:
                self._compare(device, one, kept.digest, found)

    def _compare(self, device: int, one: _Waiting, other: bytes, found: list[Contradiction]) -> None:
        if one.digest != other:
            self._tables.put_contradiction(device, one.seq, one.digest, one.raw)
            found.append(Contradiction(one.device, one.seq))

    def _compare_links(
        self, device: int, run: Sequence[_Waiting], known: dict[int, bytes], found: list[Contradiction]
    ) -> None:
        """Hold what each of a run names against the one that is kept before it, and what follows the run against it."""
        named = [(one.seq, one.digest, one.prev, one.raw) for one in run]
        after = run[-1].seq + 1
        if after in known and (kept := self._tables.message(device, after)) is not None:
            named.append((after, kept.digest, reading_of(kept).body.prev, kept.raw))
        for seq, digest, prev, raw in named:
            before = known.get(seq - 1)
            if before not in (None, prev) and known[seq] == digest:
                self._tables.put_contradiction(device, seq - 1, prev or bytes(32), raw)
                found.append(Contradiction(run[0].device, seq - 1))

    def _device(self, device: bytes) -> int:
        found = self._devices.get(device)
        if found is None:
            found = self._devices[device] = self._tables.number_device(device, device in self._test)
        return found

    def _of(self, device: int, name: str, unit: str) -> int:
        key = (device, name, unit)
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = self._tables.number_series(*key)
        return found


@contextmanager
def taking(store: ReadingStore, batch: int = BATCH) -> Iterator[Intake]:
    """Takes what is added into a store, batch by batch; it is made where there is none. What is left is written at the
    end, also of work that was interrupted."""
    intake = Intake(store.file(write=True), batch)
    try:
        yield intake
    except ReadingsError:  # of the last batch, which cannot be written
        raise
    except BaseException:
        intake.flush()
        raise
    intake.flush()


def _runs(waiting: Sequence[_Waiting]) -> Iterator[list[_Waiting]]:
    """Readings of one device whose numbers follow each other, in order."""
    run = list(waiting[:1])
    for before, one in pairwise(waiting):
        if one.device != before.device or one.seq != before.seq + 1:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _waiting(verdict: Verdict, device: bytes) -> _Waiting | None:
    """A reading as it is kept, or None for what has no room in the tables."""
    message = verdict.message
    if message is None or not isinstance(message.body, Reading):
        return None
    body = message.body
    values = [_value(place, one, body.sampled_at) for place, one in enumerate(measurements(body))]
    if body.seq >= _MOST or body.sampled_at * MICRO > _MOST or None in values:
        return None
    kept = tuple(value for value in values if value is not None)
    chained = verdict.proof == BY_CHAIN
    quality = body.clock_quality
    return _Waiting(device, body.seq, body.sampled_at, quality, chained, message.digest, body.prev, message.raw, kept)


def _value(place: int, one: Measurement, now: int) -> _Value | None:
    at = now * MICRO if one.at == now else int(one.at * MICRO // 1) if one.at is not None else None
    number = one.value
    exponent, mantissa = number if isinstance(number, DecimalFraction) else (0, number)
    if at is None or abs(at) > _MOST or abs(mantissa or 0) > _MOST or abs(exponent) > MAX_EXPONENT:
        return None
    other: str | bytes | int | None = one.text if one.text is not None else one.data
    if one.flag is not None and other is None:
        other = int(one.flag)
    return one.name, one.unit or "", at, place, mantissa, None if number is None else exponent, other
