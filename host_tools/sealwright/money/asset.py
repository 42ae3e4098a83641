"""One asset: its name on the wire, and the scale and symbol by which people write amounts of it.

An asset nEUR with the unit EUR and the scale 9 is counted in thousand-millionths of a euro: 1.50 EUR are 1,500,000,000
nEUR. An asset that is its own unit has the scale 0.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from typing import Final

from ..errors import Usage
from ..wire.messages.asset import is_asset

MAX_SCALE: Final = 18  # 2**63 has 19 digits: with a finer scale not even ten units would fit
_LONGEST_UNIT: Final = 16
_PLACES: Final = 2  # people expect 1.50, not 1.5
_NUMERIC: Final = "0123456789.,+-"
_LETTERS: Final = re.compile("[A-Za-z_-]")
# more digits than any amount has; an inexact step would be a mistake of this program
EXACT: Final = Context(prec=200, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class Asset:
    """`name`: on the wire. `unit`: the symbol of ten to the power of `scale` of its smallest units."""

    name: str
    unit: str
    scale: int

    @classmethod
    def declare(cls, name: str, unit: str | None = None, scale: int = 0) -> "Asset":
        """An asset as its owner declares it; its own unit where `unit` is None. Raises Usage."""
        check_name(name)
        if name[0] in _NUMERIC:
            remedy = "Begin it with a letter: an amount of it would read as a longer number."
            raise Usage(f"{name} begins like a number", remedy=remedy, code="bad_asset")
        unit = name if unit is None else unit
        if not 0 <= scale <= MAX_SCALE:
            raise Usage(f"{scale} is no scale", remedy=f"Give 0 to {MAX_SCALE} digits after the point.")
        if unit == name and scale:
            remedy = f"Name the asset after its smallest unit, such as c{name} or n{name}, with --unit {name}."
            raise Usage(f"{name} cannot be both the unit and its smallest part", remedy=remedy, code="bad_unit")
        if unit != name and not _is_unit(unit):
            remedy = f"Use 1 to {_LONGEST_UNIT} letters or currency signs, such as EUR or kWh."
            raise Usage(f"{unit!r} is no symbol of a unit", remedy=remedy, code="bad_unit")
        return cls(name, unit, scale)

    @property
    def divides(self) -> bool:
        """Whether its unit has smaller parts."""
        return self.scale > 0

    def show(self, value: int) -> str:
        """An amount in smallest units (any int), written in units: "1.50 EUR"."""
        if not self.divides:
            return f"{value:,} {self.unit}"
        whole, _, fraction = f"{EXACT.scaleb(Decimal(value), -self.scale):,f}".partition(".")
        fraction = fraction.rstrip("0").ljust(min(_PLACES, self.scale), "0")
        return f"{whole}.{fraction} {self.unit}"


def _is_unit(text: str) -> bool:
    """Letters and currency signs only: what begins a number or parts a price cannot be in it."""
    fits = 1 <= len(text) <= _LONGEST_UNIT
    return fits and all(_LETTERS.fullmatch(char) or unicodedata.category(char) == "Sc" for char in text)


def check_name(text: str) -> str:
    """`text`, if it may name an asset. Raises Usage."""
    if not is_asset(text):
        remedy = "Use 1 to 32 letters, digits and signs of ASCII, without spaces, such as nEUR."
        raise Usage(f"{text!r} is no name for an asset", remedy=remedy, code="bad_asset")
    return text
