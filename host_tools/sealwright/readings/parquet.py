"""Rows of the store as a Parquet file, for other programs: with the extra `parquet`, pyarrow.

Columns: device (the id in hexadecimal), name, number, time (microseconds, UTC), clock (0 to 3), quantity, unit, value
(a 64-bit float), mantissa and exponent (the exact value), text (of what is no number; data in hexadecimal), digest (32
bytes), chained, doubtful, test. Rows are sorted by device, quantity, unit and time.
Limits: pyarrow takes 170 MB of disk, so it is an extra, and not in `all`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import Any, BinaryIO, Final

from ..extras import load
from .store import Kept, Stretch

_ROWS: Final = 100_000  # at a time: some 40 MB


def write_parquet(out: BinaryIO, stretches: Iterable[Stretch], names: Mapping[bytes, str]) -> int:
    """Write the rows of series, and return how many. names: device id -> name. Raises Usage without pyarrow."""
    arrow = load("pyarrow", "parquet", "pyarrow", "Parquet files need", "no_pyarrow")
    parquet = load("pyarrow", "parquet", "pyarrow.parquet", "Parquet files need", "no_pyarrow")
    count = 0
    schema = _schema(arrow)
    with parquet.ParquetWriter(out, schema, compression="zstd", compression_level=1) as writer:
        waiting: list[tuple[Stretch, list[Kept]]] = []
        size = 0
        for stretch in stretches:
            for rows in _parts(stretch.rows):
                waiting.append((stretch, rows))
                size += len(rows)
                if size >= _ROWS:
                    writer.write_table(_table(arrow, schema, waiting, names))
                    count, waiting, size = count + size, [], 0
        if waiting:
            writer.write_table(_table(arrow, schema, waiting, names))
    return count + size


def _parts(rows: Iterator[Kept]) -> Iterator[list[Kept]]:
    while part := list(islice(rows, _ROWS)):
        yield part


def _schema(arrow: Any) -> Any:
    word, whole = arrow.dictionary(arrow.int32(), arrow.string()), arrow.int64()
    return arrow.schema(
        [
            ("device", word),
            ("name", word),
            ("number", whole),
            ("time", arrow.timestamp("us", tz="UTC")),
            ("clock", arrow.int8()),
            ("quantity", word),
            ("unit", word),
            ("value", arrow.float64()),
            ("mantissa", whole),
            ("exponent", arrow.int16()),
            ("text", arrow.string()),
            ("digest", arrow.binary(32)),
            ("chained", arrow.bool_()),
            ("doubtful", arrow.bool_()),
            ("test", arrow.bool_()),
        ]
    )


def _table(arrow: Any, schema: Any, waiting: list[tuple[Stretch, list[Kept]]], names: Mapping[bytes, str]) -> Any:
    rows = [row for _, part in waiting for row in part]
    at, seq, clock, digest, chained, mantissa, exponent, other = zip(*rows, strict=True)
    of = [stretch.series for stretch, _ in waiting]
    sizes = [len(part) for _, part in waiting]
    columns = {
        "device": _words(arrow, [one.device.hex() for one in of], sizes),
        "name": _words(arrow, [names.get(one.device) for one in of], sizes),
        "number": seq,
        "time": at,
        "clock": clock,
        "quantity": _words(arrow, [one.name for one in of], sizes),
        "unit": _words(arrow, [one.unit or None for one in of], sizes),
        "value": _floats(arrow, mantissa, exponent),
        "mantissa": mantissa,
        "exponent": exponent,
        "text": _texts(arrow, other),
        "digest": digest,
        "chained": arrow.array(chained, arrow.int8()).cast(arrow.bool_()),
        "doubtful": list(chain.from_iterable(_doubtful(*one) for one in waiting)),
        "test": list(chain.from_iterable(map(repeat, (one.test for one in of), sizes))),
    }
    arrays = [
        column if isinstance(column, arrow.Array) else arrow.array(column, type=schema.field(name).type)
        for name, column in columns.items()
    ]
    return arrow.table(arrays, schema=schema)


def _words(arrow: Any, words: list[str | None], sizes: list[int]) -> Any:
    """A column that says each word so many times."""
    distinct = [word for word in dict.fromkeys(words) if word is not None]
    at = {word: n for n, word in enumerate(distinct)}
    places = [None if word is None else at[word] for word in words]
    indexes = list(chain.from_iterable(map(repeat, places, sizes)))
    return arrow.DictionaryArray.from_arrays(arrow.array(indexes, arrow.int32()), arrow.array(distinct, arrow.string()))


def _doubtful(stretch: Stretch, part: list[Kept]) -> Iterable[bool]:
    if stretch.doubtful is None:  # nearly always
        return [False] * len(part)
    return (stretch.is_doubtful(row[1]) for row in part)


def _floats(arrow: Any, mantissas: Sequence[int | None], exponents: Sequence[int | None]) -> Any:
    """The nearest floats, all at once where the exponents are equal, as those of one sensor are."""
    same = set(exponents) - {None}
    exponent = same.pop() if len(same) == 1 else None
    if exponent is None or not -23 < exponent <= 0:
        return arrow.array(map(_float, mantissas, exponents), arrow.float64())
    compute = load("pyarrow", "parquet", "pyarrow.compute", "Parquet files need", "no_pyarrow")
    return compute.divide(arrow.array(mantissas, arrow.int64()).cast(arrow.float64(), safe=False), 10.0**-exponent)


def _float(mantissa: int | None, exponent: int | None) -> float | None:
    if mantissa is None:
        return None
    if not exponent:
        return float(mantissa)
    return mantissa / 10.0**-exponent if -23 < exponent < 0 else float(f"{mantissa}e{exponent}")


def _texts(arrow: Any, others: Sequence[object]) -> Any:
    if others.count(None) == len(others):  # all are numbers
        return arrow.nulls(len(others), arrow.string())
    return arrow.array([None if one is None else _text(one) for one in others], arrow.string())


def _text(other: object) -> str:
    if isinstance(other, bytes):
        return other.hex()
    return other if isinstance(other, str) else "true" if other else "false"
