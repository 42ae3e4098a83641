"""The store of a home's readings: questions to it. `intake` takes more into it.

Limits: answers are those of one state of the file. Rows of several devices come device by device, by time within each.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fnmatch import fnmatchcase
from heapq import merge
from itertools import groupby
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeAlias, cast

from ..wire.labels import CLOCK_HOST
from .file import ReadingsFile
from .rows import MICRO, Points, Row, Series, Sum, float_of, sum_of, value_of
from .tables import EVER, Newest, Stored, Tables

PATIENCE: Final = 30.0  # seconds
# at, seq, clock, digest, chained, mantissa, exponent, other: see `schema`
Kept: TypeAlias = "tuple[int, int, int, bytes, int, int | None, int | None, object]"


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
        return _within_ever(since), _within_ever(until)


class Stretch(NamedTuple):
    """The rows of a series. doubtful: the least number in which its device contradicts itself."""

    series: Series
    doubtful: int | None
    rows: Iterator[Kept]

    def is_doubtful(self, seq: int) -> bool:
        """Whether its device contradicts itself in this number or an earlier one."""
        return self.doubtful is not None and seq >= self.doubtful


ALL: Final = Question()


class ReadingStore:
    """A store's file, opened when it is first used. Every method may raise a ReadingsError."""

    def __init__(self, path: Path, patience: float = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._open: tuple[bool, ReadingsFile] | None = None

    def series(self, question: Question = ALL) -> list[Series]:
        """The series that are meant, by device, name and unit."""
        return [one for one in self._tables().series() if _is_meant(one, question)]

    def stretches(self, question: Question = ALL) -> Iterator[Stretch]:
        """The rows that are meant, series by series, as the tables have them; read as you go."""
        database = self.file()
        with database.reading():
            tables = Tables(database)
            doubtful = tables.doubtful()
            for one in self.series(question):
                found = tables.rows(one.id, tables.device(one.device) or 0, question.span, question.last)
                yield Stretch(one, doubtful.get(one.device), cast("Iterator[Kept]", found))

    def rows(self, question: Question = ALL) -> Iterator[Row]:
        """The rows that are meant, read as you go."""
        for _, of in groupby(self.stretches(question), key=lambda one: one.series.device):
            parts = [_rows(stretch) for stretch in of]
            yield from parts[0] if len(parts) == 1 else merge(*parts, key=lambda row: (row.at, row.seq))

    def points(self, series: Series, question: Question = ALL) -> Points:
        """The numbers of a series, to draw them."""
        tables = self._tables()
        found: tuple[list[tuple[int, float]], ...] = ([], [])
        beyond, doubted, least = 0, [0, 0], tables.doubtful().get(series.device)
        kept = tables.points(series.id, tables.device(series.device) or 0, question.span)
        for at, seq, mantissa, exponent, clock in kept:
            value, is_set = float_of(mantissa, exponent), clock >= CLOCK_HOST
            if isfinite(value):
                found[is_set].append((at, value))
                doubted[is_set] += least is not None and seq >= least
            else:
                beyond += 1
        is_set = bool(found[1])
        return Points(found[is_set], len(found[0]) if is_set else 0, beyond, doubted[is_set])

    def sums(self, question: Question = ALL) -> Iterator[Sum]:
        """What the values of each series come to, where it has any."""
        database = self.file()
        with database.reading():
            tables = Tables(database)
            doubtful = tables.doubtful()
            for one in self.series(question):
                found = tables.totals(one.id, question.span)
                if found.size:
                    exact = found.exponents[0] == found.exponents[1]
                    parts = [found.whole] if exact else tables.parts(one.id, question.span)
                    doubted = tables.size_from(one.id, question.span, doubtful.get(one.device))
                    yield sum_of(one, found.size, found.first, found.last, parts)._replace(doubtful=doubted)

    def find(self, device: bytes, seq: int) -> Stored | None:
        """A reading by its device (id) and number."""
        tables = self._tables()
        number = tables.device(device)
        return None if number is None else tables.message(number, seq)

    def newest(self) -> list[Newest]:
        """The newest reading of each device."""
        return list(self._tables().newest())

    def newest_values(self, series: Iterable[Series]) -> Iterator[tuple[Series, Decimal | str | bytes | bool]]:
        """The newest value of each of these series."""
        tables = self._tables()
        for one in series:
            found = tables.newest_value(one.id)
            if found is not None:
                yield one, value_of(*found)

    def after(self, device: bytes, seq: int, most: int) -> list[Stored]:
        """The readings of a device (id) with larger numbers: the first so many."""
        tables = self._tables()
        number = tables.device(device)
        return [] if number is None else tables.after(number, min(seq, EVER[1]), most)

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
        return Tables(self.file())

    def file(self, *, write: bool = False) -> ReadingsFile:
        """Its file, opened; to write, made where there is none."""
        if self._open is not None and write and not self._open[0]:
            self.close()
        if self._open is None:
            self._open = (write, ReadingsFile.open(self.path, write=write, patience=self._patience))
        return self._open[1]


def _within_ever(at: int) -> int:
    return max(EVER[0], min(at, EVER[1]))  # SQLite refuses a larger number


def _is_meant(one: Series, question: Question) -> bool:
    return (question.devices is None or one.device in question.devices) and (
        question.quantities is None or any(fnmatchcase(one.name, like) for like in question.quantities)
    )


def _rows(stretch: Stretch) -> Iterator[Row]:
    for at, seq, clock, digest, chained, mantissa, exponent, other in stretch.rows:
        value = value_of(mantissa, exponent, other)
        yield Row(stretch.series, at, seq, clock, digest, bool(chained), stretch.is_doubtful(seq), value)
