"""SenML packs resolved: what each record measures by itself (RFC 8428 section 4.6).

A base name, base time or base unit holds for its own record and for those after it, until another one replaces it. A
time below 2**28 is relative (section 4.5.3): here to the time of the reading. Limits: the schema has neither base
values nor sums, update times or versions; a reading with one is malformed. A time whose exponent is beyond
MAX_TIME_EXPONENT is out of range.
"""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal, Inexact
from typing import Final, NamedTuple

from .messages.decimals import MAX_DIGITS, Number, to_decimal
from .messages.measurement import Reading, Record

RELATIVE_BELOW: Final = 2**28  # seconds
MAX_TIME_EXPONENT: Final = 18  # attoseconds to thirty thousand million years, and short to print

_EXACT: Final = Context(prec=2 * MAX_TIME_EXPONENT + MAX_DIGITS + 2, traps=[Inexact])  # digits for any sum of three


class Measurement(NamedTuple):
    """A resolved record. `at`: unix seconds, None where the time is out of range. One of value, text, flag and data is
    there; a record that has more of them keeps them."""

    name: str
    unit: str | None
    at: Decimal | None
    value: Number | None = None
    text: str | None = None
    flag: bool | None = None
    data: bytes | None = None


def measurements(reading: Reading) -> tuple[Measurement, ...]:
    """What a reading says, record by record; records that only set bases are left out."""
    return tuple(_resolved(reading.records, reading.sampled_at))


def _resolved(records: Iterable[Record], now: int) -> Iterator[Measurement]:
    base_name, base_unit = "", None
    base_time: Number = 0
    for one in records:
        base_name = base_name if one.base_name is None else one.base_name
        base_unit = base_unit if one.base_unit is None else one.base_unit
        base_time = base_time if one.base_time is None else one.base_time
        if one.value is None and one.text is None and one.flag is None and one.data is None:
            continue
        name = base_name + (one.name or "")
        unit = base_unit if one.unit is None else one.unit
        yield Measurement(name, unit, _time(base_time, one.time or 0, now), one.value, one.text, one.flag, one.data)


def _time(base: Number, offset: Number, now: int) -> Decimal | None:
    if not (_in_range(base) and _in_range(offset)):
        return None
    at = _EXACT.add(to_decimal(base), to_decimal(offset))
    return at if at >= RELATIVE_BELOW else _EXACT.add(at, now)


def _in_range(time: Number) -> bool:
    return isinstance(time, int) or abs(time.exponent) <= MAX_TIME_EXPONENT
