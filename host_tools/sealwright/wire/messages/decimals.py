"""Numbers without floats: integers and decimal fractions mantissa * 10**exponent (RFC 8949 section 3.4.4)."""

from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from ...errors import Malformed

MAX_DIGITS: Final = 20  # of 2**64
MAX_EXPONENT: Final = 6144  # that of IEEE 754 decimal128: far past any measurement, and safe to expand


class DecimalFraction(NamedTuple):
    """mantissa * 10**exponent, exactly as on the wire: 10 and 10.0 are two different values here."""

    exponent: int
    mantissa: int


Number: TypeAlias = int | DecimalFraction


def to_decimal(number: Number) -> Decimal:
    """The exact value. Raises Malformed where the exponent is beyond +-MAX_EXPONENT."""
    if isinstance(number, int):
        return Decimal(number)
    if abs(number.exponent) > MAX_EXPONENT:
        raise Malformed(f"decimal exponent {number.exponent} is beyond {MAX_EXPONENT}")
    digits = tuple(int(digit) for digit in str(abs(number.mantissa)))
    return Decimal((int(number.mantissa < 0), digits, number.exponent))


def from_decimal(value: Decimal) -> Number:
    """The exact form; an integer where the exponent is 0. Raises Malformed for what the wire cannot hold."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise Malformed(f"{value} is no number")
    if len(digits) > MAX_DIGITS:
        raise Malformed(f"{len(digits)} digits, more than a 64-bit mantissa can hold")
    mantissa = int("".join(str(digit) for digit in digits)) * (-1 if sign else 1)
    return mantissa if exponent == 0 else DecimalFraction(exponent, mantissa)
