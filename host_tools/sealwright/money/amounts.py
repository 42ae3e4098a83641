"""Numbers as people write them, exact: digits, a point, commas between thousands. No exponent, and never a float.

A single comma could be a decimal point or a separator of thousands. It is read only where there is no doubt:
"1,500 EUR" is refused, "1,500.00 EUR", "1,500,000 EUR" and "1,500 nEUR" are not.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ..errors import Usage
from .asset import EXACT

MOST: Final = 2**63 - 1  # the schema's `amount` ends here
_LONGEST: Final = 120  # characters: 19 digits before the point, 18 behind it, a price with two names
_FORM: Final = re.compile(
    r"(-?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,40})(?:\.([0-9]{1,40}))?[ ]*([^\s,.0-9].*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` in the asset's smallest unit, 0 <= value < 2**63."""

    asset: str
    value: int


@dataclass(frozen=True, slots=True)
class Written:
    """A number and the text behind it, as written. doubtful: a single comma that might be a decimal point."""

    text: str
    number: Decimal
    unit: str
    whole: bool
    doubtful: bool

    def scaled(self, scale: int) -> Decimal:
        """The number times ten to the power of `scale`, exact."""
        return EXACT.scaleb(self.number, scale)

    def check_comma(self) -> None:
        """Raise Usage for a comma that might be a decimal point. Call it where a fraction would make sense."""
        if self.doubtful:
            number, rest = self.text.split(",", 1)
            remedy = f"Write {number}{rest} or {number}.{rest}: the comma may be taken for either."
            raise bad_amount(f"{self.text!r} has a comma of two meanings", remedy)


def read_number(text: str) -> Written:
    """What `text` begins with, and its unit. Raises Usage."""
    text = text.strip()
    found = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise bad_amount(f"{shortened(text)} is no amount", "Write digits with a point, then the unit: 1.50 EUR.")
    sign, whole, fraction, unit = found.groups()
    if sign:
        raise bad_amount(f"{text!r} is below zero", "Write an amount without a sign.")
    number = Decimal(whole.replace(",", "") + ("" if fraction is None else f".{fraction}"))
    doubtful = whole.count(",") == 1 and fraction is None
    return Written(text, number, (unit or "").strip(), fraction is None, doubtful)


def check_range(value: int, text: str) -> int:
    """`value`, where the wire can carry it. Raises Usage."""
    if value > MOST:
        raise bad_amount(f"{text!r} is more than an amount can be", f"The most is {MOST} of the smallest unit.")
    return value


def bad_amount(what: str, remedy: str) -> Usage:
    """The error for text that is no amount."""
    return Usage(what, remedy=remedy, code="bad_amount")


def shortened(text: str) -> str:
    """Text for an error, no longer than a line."""
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}..."
