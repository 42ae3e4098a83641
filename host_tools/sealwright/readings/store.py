"""The store of a home's readings: questions to it, and taking more into it.

Limits: answers are those of one state of the file. Rows of several devices come device by device, by time within each.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from heapq import merge
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeAlias, cast

from .faults import ReadingsError
from .file import ReadingsFile
from .intake import BATCH, Intake
from .rows import MICRO, Row, Series, Sum, decimal, sum_of, value_of
from .tables import EVER, Stored, Tables

PATIENCE: Final = 30.0  # seconds
_Kept: TypeAlias = "tuple[int, int, int, bytes, int, int | None, int | None, object]"


class Question(NamedTuple):
    """Which rows are meant: of these devices (ids; None for all), of these quantities (names, or
    patterns such as *temperature; None for all), from
    `since` and before `until` (unix seconds), and the newest `last` of each series alone."""

    devices: frozenset[bytes] | None = None
    quantities: frozenset[str] | None = None
    since: int | None = None
    until: int | None = None
    last: int | None = None

    @property
    def span(self) -> tuple[int, int]:
        """In microseconds: from, and before."""
        since = EVER[0] if self.since is None else self.since * MICRO
        until = EVER[1] if self.until is None else self.until * MICRO
        return max(since, EVER[0]), min(until, EVER[1])


ALL: Final = Question()


class ReadingStore:
    """A store's file, opened when it is first used. Every method may raise a ReadingsError."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._open: tuple[bool, ReadingsFile] | None = None

    @contextmanager
    def intake(self, batch: int = BATCH) -> Iterator[Intake]:
        """Takes what is added, batch by batch; made where there is none. What is left is written at the end, also of
        work that was interrupted."""
        taking = Intake(self._database(write=True), batch)
        try:
            yield taking
        except ReadingsError:  # of the last batch, which cannot be written
            raise
        except BaseException:
            taking.flush()
            raise
        taking.flush()

    def series(self, question: Question = ALL) -> list[Series]:
        """The series that are meant, by device, name and unit."""
        return [one for one in self._tables().series() if _is_meant(one, question)]

    def rows(self, question: Question = ALL) -> Iterator[Row]:
        """The rows that are meant, read as you go."""
        database = self._database()
        with database.reading():
            tables = Tables(database)
            doubtful = tables.doubtful()
            for device, of in _by_device(self.series(question)):
                number = tables.device(device) or 0
                from_ = doubtful.get(device)
                parts = [_rows(tables, one, number, from_, question) for one in of]
                yield from parts[0] if len(parts) == 1 else merge(*parts, key=lambda row: (row.at, row.seq))

    def points(self, series: Series, question: Question = ALL) -> list[tuple[int, float]]:
        """The numbers of a series by time: microseconds from 1970, and the value as near as a float has it."""
        powers: dict[int, float] = {}
        found = []
        for at, mantissa, exponent in self._tables().points(series.id, question.span):
            if not -300 < exponent <= 0:  # beyond what a power of ten is exact enough for
                found.append((at, float(decimal(mantissa, exponent))))
                continue
            power = powers.setdefault(exponent, 10.0**-exponent)
            found.append((at, mantissa / power))
        return found

    def sums(self, question: Question = ALL) -> Iterator[Sum]:
        """What the values of each series come to, where it has any."""
        database = self._database()
        with database.reading():
            tables = Tables(database)
            for one in self.series(question):
                found = tables.totals(one.id, question.span)
                if found.size:
                    exact = found.exponents[0] == found.exponents[1]
                    parts = [found.whole] if exact else tables.parts(one.id, question.span)
                    yield sum_of(one, found.size, found.first, found.last, parts)

    def find(self, device: bytes, seq: int) -> Stored | None:
        """A reading by its device (id) and number."""
        tables = self._tables()
        number = tables.device(device)
        return None if number is None else tables.message(number, seq)

    def named(self, beginning: bytes) -> list[Stored]:
        """The readings whose digest begins so; beginning: four bytes or more."""
        return self._tables().named(beginning)

    def device_of(self, stored: Stored) -> bytes:
        """The id of the device that signed a reading."""
        return self._tables().device_id(stored.device)

    def support(self, about: bytes) -> list[bytes]:
        """What proves the signers whose device id begins so (8 bytes): certificates, rotations and revocations."""
        return self._tables().support(about)

    def doubtful(self) -> dict[bytes, int]:
        """For each device that contradicts itself the least number in which it does."""
        return self._tables().doubtful()

    def count(self) -> int:
        """How many readings there are."""
        return self._tables().count()

    def close(self) -> None:
        """Close the file. Idempotent; it opens again when used."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tables(self) -> Tables:
        return Tables(self._database())

    def _database(self, *, write: bool = False) -> ReadingsFile:
        if self._open is not None and write and not self._open[0]:
            self.close()
        if self._open is None:
            self._open = (write, ReadingsFile.open(self.path, write=write, patience=self._patience))
        return self._open[1]


def _is_meant(one: Series, question: Question) -> bool:
    return (question.devices is None or one.device in question.devices) and (
        question.quantities is None or any(fnmatchcase(one.name, like) for like in question.quantities)
    )


def _by_device(series: Iterable[Series]) -> Iterator[tuple[bytes, list[Series]]]:
    found: dict[bytes, list[Series]] = {}
    for one in series:
        found.setdefault(one.device, []).append(one)
    return iter(found.items())


def _rows(tables: Tables, series: Series, device: int, doubtful: int | None, question: Question) -> Iterator[Row]:
    for row in tables.rows(series.id, device, question.span, question.last):
        at, seq, clock, digest, chained, mantissa, exponent, other = cast("_Kept", row)
        is_doubtful = doubtful is not None and seq >= doubtful
        value = value_of(mantissa, exponent, other)
        yield Row(series, at, seq, clock, digest, bool(chained), is_doubtful, value)
