"""Reads a CSV file into rows of integers, and says for every fault which line and column it is in."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from ...errors import Usage, cause_of
from .measured import Source
from .sensors import Column

Time = int | datetime


@dataclass(frozen=True)
class Row:
    """One row: its line in the file, its time, and its values in their columns' units."""

    line: int
    time: Time
    values: tuple[Fraction, ...]


@dataclass
class Table:
    """The rows of a CSV file that are complete, the columns found, and how many rows were left out."""

    columns: tuple[Column, ...]
    rows: list[Row]
    skipped: int


def read_table(source: Source, columns: Sequence[Column], optional: str = "") -> Table:
    """Read `columns` of the CSV file `source`; the one called `optional` may be missing.

    Raises Usage for a file that cannot be read, a missing column, or a bad value.
    """
    try:
        with source.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            lines = ((reader.line_num, cells) for cells in reader)
            return _read(source, header, lines, columns, optional)
    except OSError as error:
        raise Usage(f"{source.path}: {cause_of(error)}", remedy="Check the file's name.", code="no_series") from error
    except (UnicodeDecodeError, csv.Error) as error:
        why = cause_of(error) if isinstance(error, ValueError) else "a quote is out of place"
        raise Usage(
            f"{source.path} is no CSV file in UTF-8: {why}",
            remedy="Save it as CSV, UTF-8, with commas.",
            code="bad_csv",
        ) from error


def fault(source: Source, line: int, column: str, why: str, remedy: str) -> Usage:
    """The error for a bad value: names the file, the line and the column."""
    return Usage(f"{source.path}, line {line}, column {column!r}: {why}", remedy=remedy, code="bad_csv")


def _read(
    source: Source,
    header: list[str],
    lines: Iterator[tuple[int, list[str]]],
    columns: Sequence[Column],
    optional: str,
) -> Table:
    found = tuple(c for c in columns if c.name != optional or _label(source, c)[0] in header)
    places = [_place(source, header, _label(source, column)[0]) for column in found]
    time_place = _place(source, header, source.time)
    table = Table(found, [], 0)
    for line, cells in lines:
        if not cells:
            continue
        if len(cells) != len(header):
            why = f"line {line} has {len(cells)} values for {len(header)} columns"
            raise Usage(f"{source.path}: {why}", remedy="Add or remove commas in that line.", code="bad_csv")
        values = [_number(source, line, column, cells[place]) for column, place in zip(found, places, strict=True)]
        time = _time(source, line, cells[time_place])
        if table.rows:
            _check_rises(source, line, table.rows[-1].time, time)
        complete = tuple(value for value in values if value is not None)
        if len(complete) < len(values):
            table.skipped += 1
        else:
            table.rows.append(Row(line, time, complete))
    return table


def _label(source: Source, column: Column) -> tuple[str, int]:
    return source.columns.get(column.name, (column.name, 1))


def _place(source: Source, header: list[str], label: str) -> int:
    if header.count(label) != 1:
        why = "is there more than once" if label in header else "is missing"
        raise Usage(
            f"{source.path}: column {label!r} {why}; line 1 has {', '.join(map(repr, header)) or 'nothing'}",
            remedy="The first line names the columns; see the documentation of --sensor for the names.",
            code="bad_csv",
        )
    return header.index(label)


def _number(source: Source, line: int, column: Column, text: str) -> Fraction | None:
    label, factor = _label(source, column)
    if text.strip().lower() in ("", "nan"):
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise fault(source, line, label, f"{text!r} is no number", "Write it as in 21.53.") from None
    # Checked before it becomes a Fraction: 1e999999999 would fill the memory.
    if not number.is_finite() or not -40 < number.adjusted() < 20:
        raise fault(source, line, label, f"{text!r} is no measured value", "Write it as in 21.53.")
    value = Fraction(number) * factor * (source.scale if column.name == "power" else 1)
    if not column.low <= value <= column.high:
        why = f"{float(value):g} {column.unit} is outside {column.low}..{column.high} {column.unit}"
        raise fault(source, line, label, why, f"Correct it, or the unit: {column.hint}.")
    return value


def _time(source: Source, line: int, text: str) -> Time:
    try:
        if source.time_format:
            return datetime.strptime(text, source.time_format)
        return int(text) if text.strip().isdecimal() else datetime.fromisoformat(text.strip())
    except ValueError:
        why = f"{text!r} is no time"
        remedy = "Write ISO 8601, as in 2022-03-18T04:33:00-07:00, or whole seconds."
        raise fault(source, line, source.time, why, remedy) from None


def _check_rises(source: Source, line: int, before: Time, time: Time) -> None:
    remedy = "Sort the rows by time, remove doubles, and write all times in one form, with their UTC offset."
    seconds = seconds_between(before, time)
    if seconds is None:
        why = "this time is of another form than those before it"
        raise fault(source, line, source.time, why, remedy)
    if seconds < 1:
        why = "this time is not a second or more after that of the row before"
        raise fault(source, line, source.time, why, remedy)


def seconds_between(before: Time, after: Time) -> int | None:
    """Whole seconds, or None for times that cannot be compared (number and date, with and without offset)."""
    if isinstance(before, int) and isinstance(after, int):
        return after - before
    if isinstance(before, datetime) and isinstance(after, datetime) and bool(before.tzinfo) == bool(after.tzinfo):
        return int((after - before).total_seconds() // 1)
    return None
