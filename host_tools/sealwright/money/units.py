"""Units that people name a price by, in the units that meters count.

Source: RFC 8798 section 3, the secondary units of SenML that are counted; and MWh.
"""

from fractions import Fraction
from typing import Final

_SECONDARY: Final = {  # unit: (SenML unit, how many of it)
    "ms": ("s", Fraction(1, 1000)),
    "min": ("s", Fraction(60)),
    "h": ("s", Fraction(3600)),
    "Ah": ("C", Fraction(3600)),
    "Wh": ("J", Fraction(3600)),
    "kWh": ("J", Fraction(3_600_000)),
    "MWh": ("J", Fraction(3_600_000_000)),
    "varh": ("vars", Fraction(3600)),
    "kvarh": ("vars", Fraction(3_600_000)),
    "kVAh": ("VAs", Fraction(3_600_000)),
    "KiB": ("B", Fraction(1024)),
    "GB": ("B", Fraction(10**9)),
    "mm": ("m", Fraction(1, 1000)),
    "cm": ("m", Fraction(1, 100)),
    "km": ("m", Fraction(1000)),
}
_CUSTOMARY: Final = {"J": "kWh", "C": "Ah", "B": "GB", "m": "km", "s": "h"}
KNOWN: Final = (*_SECONDARY, *_CUSTOMARY, "vars", "VAs", "kg", "g", "l", "m3", "count", "reading")


def primary(unit: str) -> str:
    """The unit that meters count `unit` in: J for kWh; itself where there is no other."""
    return _SECONDARY.get(unit, (unit, Fraction(1)))[0]


def customary(unit: str) -> str:
    """The unit that people name prices of `unit` by: kWh for J; itself where there is no other."""
    return _CUSTOMARY.get(unit, unit)


def ratio(unit: str, other: str) -> Fraction | None:
    """How many of `other` one `unit` is, exact; None where they measure different things."""
    base, count = _SECONDARY.get(unit, (unit, Fraction(1)))
    other_base, other_count = _SECONDARY.get(other, (other, Fraction(1)))
    return count / other_count if base == other_base else None
