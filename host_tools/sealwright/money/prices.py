"""Prices as people write them: "0.36 EUR/kWh" for a device that sells joules at 100 nEUR each.

A price is a whole number of smallest units for one unit of what is sold. One that is not is refused, with the two
nearest that are: a rounded price is another price. A limit loses nothing by rounding down.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from typing import Final

from ..errors import Usage
from . import units
from .amounts import Written, check_range, read_number, shortened
from .asset import Asset
from .assets import Assets

_FORM: Final = "Write it as 0.36 EUR/kWh, or in smallest units with --asset and --unit."


@dataclass(frozen=True, slots=True)
class Price:
    """`value` of the asset's smallest unit for one `unit` (a SenML unit, or "reading"), 0 <= value < 2**63."""

    asset: str
    unit: str
    value: int


def parse_price(
    text: str, assets: Assets, *, asset: str | None = None, unit: str | None = None, limit: bool = False
) -> Price:
    """A price such as "0.36 EUR/kWh", "100 nEUR/J", or for the asset and unit that are given, "100".

    unit: what is sold; None: the SenML unit of the one that the price names. limit: rounded down, for "at most".
    Raises Usage.
    """
    written = read_number(text)
    money, per = _split(written.unit, assets, asset, unit)
    found = assets.meant(written, money, asset)
    sold = unit or _sold(per, written)
    exact = _count(written, money, found, per or sold, sold)
    check_range(int(exact), written.text)
    if exact.denominator != 1 and not limit:
        raise _inexact(written, Price(found.name, sold, int(exact)), per or sold, assets)
    return Price(found.name, sold, int(exact))


def show_price(price: Price, assets: Assets) -> str:
    """A price as people write it, and in the unit that is sold where that is another one."""
    asset = assets.find(price.asset)
    per = units.customary(price.unit) if asset.divides else price.unit
    smallest = asset.name if asset.name in assets else asset.unit
    plain = f"{price.value:,} {smallest}/{price.unit}"
    people = _in_units(price, per, asset) if asset.divides or asset.unit != smallest else None
    return plain if people is None else f"{people} ({plain})"


def _split(text: str, assets: Assets, asset: str | None, unit: str | None) -> tuple[str, str | None]:
    """(money's unit, unit of what is sold or None). The names of assets may have a / of their own."""
    if not text or text == asset or assets.of_unit(text) is not None:
        return text, None
    parts = text.split("/")
    found: list[tuple[str, str | None]]
    found = [("/".join(parts[:n]).strip(), "/".join(parts[n:]).strip()) for n in range(1, len(parts))]
    known = [(money, per) for money, per in found if money == asset or assets.of_unit(money) is not None]
    fit = [(money, per) for money, per in known if per and (units.ratio(per, unit) if unit else per in units.KNOWN)]
    return (fit or known or found or [(text, None)])[0]


def _sold(per: str | None, written: Written) -> str:
    if per is None:
        raise _bad(f"{shortened(written.text)} does not say for what", _FORM)
    if per not in units.KNOWN:
        close = get_close_matches(per.casefold(), [unit.casefold() for unit in units.KNOWN], 1, 0.7)
        meant = [f"Did you mean {unit}? " for unit in units.KNOWN if [unit.casefold()] == close][:1]
        raise _bad(f"{shortened(per)} is no unit known here", f"{''.join(meant)}Name what is sold with --unit.")
    return units.primary(per)


def _count(written: Written, money: str, asset: Asset, per: str, sold: str) -> Fraction:
    ratio = units.ratio(per, sold)
    if ratio is None:
        raise _bad(f"{shortened(written.text)} is no price of one {sold}", f"Name the price of one {sold}.")
    if per == sold:
        return Fraction(Assets.count(written, money, asset))
    if money == asset.unit and asset.divides:
        written.check_comma()
        return Fraction(written.scaled(asset.scale)) / ratio
    return Fraction(written.number) / ratio


def _in_units(price: Price, per: str, asset: Asset) -> str | None:
    """The price of one `per` as people write it; None where that is no whole number of smallest units."""
    ratio = units.ratio(per, price.unit)
    value = None if ratio is None else price.value * ratio
    return None if value is None or value.denominator != 1 else f"{asset.show(int(value))}/{per}"


def _inexact(written: Written, below: Price, per: str, assets: Assets) -> Usage:
    above = Price(below.asset, below.unit, below.value + 1)
    near = [_offer(one, per, assets.find(one.asset)) for one in (below, above) if one.value]
    what = f"{shortened(written.text)} is no whole number of {below.asset} for one {below.unit}"
    return _bad(what, f"The nearest: {' or '.join(near)}.")


def _offer(price: Price, per: str, asset: Asset) -> str:
    plain, people = f"{price.value} {asset.name}/{price.unit}", _in_units(price, per, asset)
    return plain if people is None else f"{people} ({plain})"


def _bad(what: str, remedy: str) -> Usage:
    return Usage(what, remedy=remedy, code="bad_price")
