"""All SQL of the store of readings. Digests and ids of devices are 32 bytes; `device` and `series` are numbers."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias, cast

from ..database.asked import Queries, Row, Value
from ..database.sqlite import SqliteFile
from .rows import Part, Series

EVER: Final = (-(2**63), 2**63 - 1)  # microseconds: from, and before
MessageRow: TypeAlias = tuple[int, int, int, int, int, bytes, bytes]  # as in `messages`
DigestRow: TypeAlias = tuple[int, int, int]
ValueRow: TypeAlias = tuple[int, int, int, int, int | None, int | None, Value]
_HIGH: Final = 2**32  # sums are made of two halves: one of 64-bit numbers overflows

_MESSAGE: Final = """INSERT INTO messages (device, seq, at, clock, chained, digest, raw) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING"""
_DIGEST: Final = "INSERT INTO digests (head, device, seq) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_MEASURED: Final = """INSERT INTO measured (series, at, seq, place, mantissa, exponent, other)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_ROWS: Final = """SELECT m.at, m.seq, g.clock, g.digest, g.chained, m.mantissa, m.exponent, m.other
    FROM measured m JOIN messages g ON g.device = ? AND g.seq = m.seq WHERE m.series = ? AND m.at >= ? AND m.at < ?"""
_SUM: Final = """SELECT count(*), min(at), max(at), count(mantissa), min(exponent), max(exponent), min(mantissa),
    max(mantissa), sum(mantissa / 4294967296), sum(mantissa % 4294967296)
    FROM measured WHERE series = ? AND at >= ? AND at < ?"""
_PARTS: Final = """SELECT exponent, count(*), min(mantissa), max(mantissa), sum(mantissa / 4294967296),
    sum(mantissa % 4294967296) FROM measured
    WHERE series = ? AND at >= ? AND at < ? AND mantissa IS NOT NULL GROUP BY exponent"""
_POINTS: Final = """SELECT m.at, m.seq, m.mantissa, m.exponent, g.clock
    FROM measured m JOIN messages g ON g.device = ? AND g.seq = m.seq
    WHERE m.series = ? AND m.at >= ? AND m.at < ? AND m.mantissa IS NOT NULL ORDER BY m.at, m.seq, m.place"""


class Stored(NamedTuple):
    """A reading as it is kept."""

    device: int
    seq: int
    digest: bytes
    raw: bytes


class Newest(NamedTuple):
    """The newest reading of a device (id). at: unix seconds; test: as in `rows.Series`."""

    device: bytes
    seq: int
    at: int
    clock: int
    test: int


class Totals(NamedTuple):
    """What the values of a series come to. exponents: the least and the greatest; equal, `whole` is exact."""

    size: int
    first: int
    last: int
    numbers: int
    exponents: tuple[int, int]
    whole: Part


class Tables:
    """The store's tables. database: opened."""

    def __init__(self, database: SqliteFile) -> None:
        self._database = database
        self._queries: Queries = database

    def device(self, device: bytes) -> int | None:
        """The number of a device id."""
        return _first(self._queries.row("SELECT id FROM devices WHERE device = ?", (device,)))

    def number_device(self, device: bytes, test: bool) -> int:
        """The same, given now where it has none. test: mark it as one of an emulated machine, for good."""
        query = """INSERT INTO devices (device, test) VALUES (?, ?)
            ON CONFLICT DO UPDATE SET test = max(test, excluded.test)"""
        self._queries.run(query, (device, int(test)))
        return cast(int, self.device(device))

    def number_series(self, device: int, name: str, unit: str) -> int:
        """The number of a series, given now where it has none."""
        values = (device, name, unit)
        self._queries.run("INSERT INTO series (device, name, unit) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", values)
        found = self._queries.row("SELECT id FROM series WHERE device = ? AND name = ? AND unit = ?", values)
        return cast(int, _first(found))

    def series(self) -> list[Series]:
        """Every series, by device, name and unit."""
        rows = self._queries.rows(
            "SELECT s.id, d.device, s.name, s.unit, d.test FROM series s JOIN devices d ON d.id = s.device"
        )
        found = (cast("tuple[int, bytes, str, str, int]", row) for row in rows)
        return sorted((Series(*row[:4], bool(row[4])) for row in found), key=lambda one: one[1:])

    def digests(self, device: int, first: int, last: int) -> dict[int, bytes]:
        """The digests of a device's readings with these numbers."""
        query = "SELECT seq, digest FROM messages WHERE device = ? AND seq BETWEEN ? AND ?"
        return dict(cast("Iterator[tuple[int, bytes]]", self._queries.rows(query, (device, first, last))))

    def message(self, device: int, seq: int) -> Stored | None:
        """A reading by its number."""
        query = "SELECT device, seq, digest, raw FROM messages WHERE device = ? AND seq = ?"
        found = self._queries.row(query, (device, seq))
        return None if found is None else Stored(*cast("tuple[int, int, bytes, bytes]", found))

    def newest(self) -> Iterator[Newest]:
        """The newest reading of each device."""
        # CROSS keeps the order (sqlite.org/lang_select.html): SQLite itself would read all messages, and ask of each
        query = """SELECT d.device, m.seq, m.at, m.clock, d.test FROM devices d
            CROSS JOIN messages m ON m.device = d.id AND m.seq = (SELECT max(seq) FROM messages WHERE device = d.id)"""
        return (Newest(*cast("tuple[bytes, int, int, int, int]", row)) for row in self._queries.rows(query))

    def newest_value(self, series: int) -> tuple[int | None, int | None, Value] | None:
        """mantissa, exponent, other of the newest value of a series."""
        query = """SELECT mantissa, exponent, other FROM measured WHERE series = ?
            ORDER BY at DESC, seq DESC, place DESC LIMIT 1"""
        return cast("tuple[int | None, int | None, Value] | None", self._queries.row(query, (series,)))

    def after(self, device: int, seq: int, most: int) -> list[Stored]:
        """A device's readings with larger numbers, the first so many."""
        query = "SELECT device, seq, digest, raw FROM messages WHERE device = ? AND seq > ? ORDER BY seq LIMIT ?"
        rows = self._queries.rows(query, (device, seq, most))
        return [Stored(*cast("tuple[int, int, bytes, bytes]", row)) for row in rows]

    def named(self, beginning: bytes) -> list[Stored]:
        """The readings whose digest begins so; beginning: four bytes or more."""
        query = """SELECT g.device, g.seq, g.digest, g.raw FROM digests d
            JOIN messages g ON g.device = d.device AND g.seq = d.seq WHERE d.head = ?"""
        rows = self._queries.rows(query, (head_of(beginning),))
        found = (Stored(*cast("tuple[int, int, bytes, bytes]", row)) for row in rows)
        return [one for one in found if one.digest.startswith(beginning)]

    def device_id(self, device: int) -> bytes:
        """The id behind a device's number."""
        return cast(bytes, (self._queries.row("SELECT device FROM devices WHERE id = ?", (device,)) or (b"",))[0])

    def put(self, messages: list[MessageRow], digests: list[DigestRow], measured: list[ValueRow]) -> None:
        """Keep readings and their values, in the order of the tables' keys; those that are there stay as they are."""
        messages.sort(key=lambda row: row[:2])
        digests.sort()
        measured.sort(key=lambda row: row[:4])
        self._database.run_many(_MESSAGE, messages)
        self._database.run_many(_DIGEST, digests)
        self._database.run_many(_MEASURED, measured)

    def put_support(self, digest: bytes, about: bytes, raw: bytes) -> None:
        """Keep what proves a signer. about: the first 8 bytes of the device id."""
        query = "INSERT INTO support (digest, about, raw) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._queries.run(query, (digest, about, raw))

    def support(self, about: bytes) -> list[bytes]:
        """What proves the signers whose device id begins so, as received, by digest."""
        rows = self._queries.rows("SELECT raw FROM support WHERE about = ?", (about,))
        return [cast(bytes, row[0]) for row in rows]

    def put_contradiction(self, device: int, seq: int, digest: bytes, raw: bytes) -> None:
        """Keep what contradicts the reading with this number: another one (its digest), or one that names it."""
        query = "INSERT INTO contradictions (device, seq, digest, raw) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        self._queries.run(query, (device, seq, digest, raw))

    def doubtful(self) -> dict[bytes, int]:
        """For each device that contradicts itself the least number in which it does."""
        query = "SELECT device, min(seq) FROM contradictions GROUP BY device"
        rows = list(cast("Iterator[tuple[int, int]]", self._queries.rows(query)))
        return {self.device_id(device): seq for device, seq in rows}

    def rows(self, series: int, device: int, span: tuple[int, int], last: int | None) -> Iterator[Row]:
        """The values of a series by time: at, seq, clock, digest, chained, mantissa, exponent, other. last: the newest
        so many alone."""
        given: Sequence[Value] = (device, series, *span)
        if last is None:
            return self._database.all_rows(f"{_ROWS} ORDER BY m.at, m.seq, m.place", given)
        found = self._queries.rows(f"{_ROWS} ORDER BY m.at DESC, m.seq DESC, m.place DESC LIMIT ?", (*given, last))
        return reversed(list(found))

    def points(self, series: int, device: int, span: tuple[int, int]) -> Iterator[tuple[int, int, int, int, int]]:
        """The numbers of a series by time: at, seq, mantissa, exponent, and the quality of the clock."""
        return cast("Iterator[tuple[int, int, int, int, int]]", self._queries.rows(_POINTS, (device, series, *span)))

    def totals(self, series: int, span: tuple[int, int]) -> Totals:
        """What the values of a series come to."""
        found = cast("tuple[int, ...]", self._queries.row(_SUM, (series, *span)))
        size, first, last, numbers, low, high, least, greatest, upper, lower = (value or 0 for value in found)
        part = Part(low, numbers, least, greatest, upper * _HIGH + lower)
        return Totals(size, first, last, numbers, (low, high), part)

    def size_from(self, series: int, span: tuple[int, int], seq: int | None) -> int:
        """How many values of a series are of readings with this number or a later one; None: none are."""
        if seq is None:
            return 0
        query = "SELECT count(*) FROM measured WHERE series = ? AND at >= ? AND at < ? AND seq >= ?"
        return cast(int, _first(self._queries.row(query, (series, *span, seq))))

    def parts(self, series: int, span: tuple[int, int]) -> list[Part]:
        """The same of its numbers, exponent by exponent."""
        rows = cast("Iterator[tuple[int, int, int, int, int, int]]", self._queries.rows(_PARTS, (series, *span)))
        return [Part(*row[:4], row[4] * _HIGH + row[5]) for row in rows]

    def count(self) -> int:
        """How many readings there are."""
        return cast(int, _first(self._queries.row("SELECT count(*) FROM digests")))


def head_of(digest: bytes) -> int:
    """What a digest, or a beginning of it, is found by."""
    return int.from_bytes(digest[:4], "big")


def _first(row: Row | None) -> int | None:
    return None if row is None else cast("int | None", row[0])
