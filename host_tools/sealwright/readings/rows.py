"""What the store gives: rows, series, and sums of them. Values are exact: a mantissa and a decimal exponent."""

from decimal import Context, Decimal, Inexact
from typing import Final, NamedTuple

from ..wire.messages.decimals import MAX_EXPONENT
from .faults import ReadingsDamaged

MICRO: Final = 1_000_000  # a second, in the unit of times here
_PLAIN: Final = Context(prec=64)  # digits: a mantissa, or a sum of 2**64 of them
_EXACT: Final = Context(prec=20_000, traps=[Inexact])  # digits for any sum: exponents differ by 2 * MAX_EXPONENT
_POWERS: Final = tuple(10.0**n for n in range(23))


class Series(NamedTuple):
    """A quantity of a device (id, 32 bytes). unit: empty where there is none. test: readings of the device were taken
    under a root for emulated machines."""

    id: int
    device: bytes
    name: str
    unit: str
    test: bool = False


class Row(NamedTuple):
    """One value. at: microseconds from 1970. seq, clock, digest: of the reading that has it: its number, the quality of
    its clock, its 32-byte name. chained: a later reading's signature proved it. doubtful: its device contradicts itself
    in this number or an earlier one. value: a number, a text, or bytes; a flag is True or False."""

    series: Series
    at: int
    seq: int
    clock: int
    digest: bytes
    chained: bool
    doubtful: bool
    value: Decimal | str | bytes | bool


class Sum(NamedTuple):
    """What values of a series come to. size: how many; numbers: of those that are numbers, and their least, greatest
    and mean (None where there is none; the mean to 12 digits). first, last: microseconds from 1970. doubtful: how many
    are of readings in which, or after which, their device contradicts itself."""

    series: Series
    size: int
    first: int
    last: int
    numbers: int
    least: Decimal | None
    greatest: Decimal | None
    mean: Decimal | None
    doubtful: int = 0


class Points(NamedTuple):
    """The numbers of a series by time: microseconds from 1970, and the value as near as a float has it. unset: how many
    more there are at times that nobody set; they are given where there are no others. beyond: how many more no float
    has. doubtful: how many of the first are of readings in which, or after which, their device contradicts itself."""

    drawn: list[tuple[int, float]]
    unset: int = 0
    beyond: int = 0
    doubtful: int = 0


class Part(NamedTuple):
    """What the numbers of one exponent come to; total: of their mantissas."""

    exponent: int
    numbers: int
    least: int
    greatest: int
    total: int


def decimal(mantissa: int, exponent: int) -> Decimal:
    """The exact value, with as many places as it was signed with. Raises ReadingsDamaged for an exponent that
    none of a reading is."""
    if abs(exponent) > MAX_EXPONENT:
        raise ReadingsDamaged(f"readings.db has a value with exponent {exponent}, which is never taken: it was edited")
    return Decimal(mantissa).scaleb(exponent, _PLAIN) if exponent else Decimal(mantissa)


def float_of(mantissa: int, exponent: int | None) -> float:
    """The float next to a value; infinite beyond all of them. Raises ReadingsDamaged as `decimal` does."""
    if exponent is not None and -23 < exponent <= 0:  # a float has these powers of ten exactly, and divides well
        return mantissa / _POWERS[-exponent]
    return float(decimal(mantissa, exponent or 0))


def value_of(mantissa: int | None, exponent: int | None, other: object) -> Decimal | str | bytes | bool:
    """A stored value."""
    if mantissa is not None:
        return decimal(mantissa, exponent or 0)
    if isinstance(other, int):
        return bool(other)
    return other if isinstance(other, str | bytes) else ""


def sum_of(series: Series, size: int, first: int, last: int, parts: list[Part]) -> Sum:
    """The sum from its parts."""
    numbers = sum(part.numbers for part in parts)
    if not numbers:
        return Sum(series, size, first, last, 0, None, None, None)
    least = min(decimal(part.least, part.exponent) for part in parts)
    greatest = max(decimal(part.greatest, part.exponent) for part in parts)
    total = Decimal(0)
    for part in parts:
        total = _EXACT.add(total, decimal(part.total, part.exponent))
    return Sum(series, size, first, last, numbers, least, greatest, Context(prec=12).divide(total, Decimal(numbers)))
