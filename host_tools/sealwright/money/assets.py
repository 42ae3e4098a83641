"""The assets that a home has declared: read from `assets.toml`, written whole, and used to read and show amounts.

    [assets."nEUR"]
    unit = "EUR"
    scale = 9

Only a declared asset may begin in a deposit, an offer or a policy: a mistyped one would lock money under a name that
nobody pays in. The declaration changes how amounts look, never what is signed.
"""

import json
import os
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from ..errors import Usage
from ..files import write_whole
from ..texts import read_text
from ..wire.messages.asset import is_asset
from .amounts import Amount, Written, bad_amount, check_range, read_number, shortened
from .asset import Asset, check_name

FILE: Final = "assets.toml"
_HEAD: Final = (
    "# What money is counted in here; `sealwright asset` writes it. scale: digits after the point of a unit.\n"
)


class Assets:
    """Declared assets, by name. Without any, amounts are read and shown in smallest units."""

    def __init__(self, assets: Iterable[Asset] = ()) -> None:
        self._by_name = {asset.name: asset for asset in assets}
        self._by_unit = {asset.unit: asset for asset in self._by_name.values()}

    def __iter__(self) -> Iterator[Asset]:
        return iter(sorted(self._by_name.values(), key=lambda asset: asset.name))

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @classmethod
    def read(cls, folder: Path) -> "Assets":
        """The assets of the home in `folder`; none where it declares none. Raises Usage for a damaged file."""
        path = folder / FILE
        try:
            declared = tomllib.loads(read_text(path))["assets"]
            found = cls()
            for name, fields in declared.items():
                found = found.with_one(_asset(name, fields))
            return found
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise Usage(f"cannot read {path}: {error.strerror}", remedy="Check its permissions.") from error
        except (ValueError, KeyError, TypeError, AttributeError, Usage) as error:
            remedy = "Correct it, or put it back from a copy; `sealwright asset add` writes it anew where it is gone."
            raise Usage(f"{path} is damaged: {error}", remedy=remedy, code="home_damaged") from error

    def write(self, folder: Path) -> None:
        """Replace the home's declarations, whole or not at all. Raises Usage where the disk refuses it."""
        text = _HEAD + ("" if self._by_name else "\n[assets]\n")
        for asset in self:
            # JSON's strings are TOML's
            text += f"\n[assets.{json.dumps(asset.name)}]\nunit = {json.dumps(asset.unit)}\nscale = {asset.scale}\n"
        try:
            write_whole(folder / FILE, text.encode())
        except OSError as error:
            raise Usage(f"cannot write {folder / FILE}: {error.strerror}", remedy="Free some space.") from error

    def with_one(self, asset: Asset) -> "Assets":
        """These and `asset`; the same again changes nothing. Raises Usage where it would be taken for another one."""
        known = self._by_name.get(asset.name)
        if known not in (None, asset, Asset(asset.name, asset.name, 0)):
            remedy = f"See `sealwright asset list`; `sealwright asset remove {asset.name}` first, to declare it anew."
            raise Usage(f"{asset.name} is declared otherwise", remedy=remedy, code="asset_exists")
        others = [one for one in self if one.name != asset.name]
        for one in others:
            if {asset.name, asset.unit} & {one.name, one.unit}:
                remedy = "Give it another name or unit: two assets that read the same would be taken for one."
                raise Usage(f"{one.name} has the unit {one.unit} already", remedy=remedy, code="asset_exists")
        return Assets([*others, asset])

    def without(self, name: str) -> "Assets":
        """These without one. Raises Usage where it is not declared."""
        self.known(name)
        return Assets(asset for asset in self if asset.name != name)

    def known(self, name: str) -> Asset:
        """The declared asset of this name. Raises Usage where there is none: it may be mistyped."""
        check_name(name)
        if name not in self._by_name:
            raise _unknown(name, self._close(name))
        return self._by_name[name]

    def find(self, name: str) -> Asset:
        """The asset of this name; one that is not declared is its own unit, and does not read like a declared one."""
        found = self._by_name.get(name)
        if found is not None:
            return found
        unit = name if is_asset(name) else ascii(name)  # messages of the first version may have any text
        return Asset(name, f"{unit} (undeclared)" if name in self._by_unit else unit, 0)

    def show(self, value: int, name: str) -> str:
        """An amount in smallest units (any int) of the asset `name`, as people write it."""
        return self.find(name).show(value)

    def parse(self, text: str, name: str | None = None) -> Amount:
        """An amount such as "1.50 EUR", "20000 nEUR" or, in the asset `name`, "20000". Raises Usage."""
        written = read_number(text)
        asset = self.meant(written, written.unit, name)
        return Amount(asset.name, check_range(self.count(written, written.unit, asset), written.text))

    def meant(self, written: Written, unit: str, name: str | None) -> Asset:
        """The asset of an amount with this unit ("": none), where `name` may say which. Raises Usage."""
        if not unit:
            if name is None:
                remedy = f"Write it behind the number, such as {self._example()}, or name the asset with --asset."
                raise bad_amount(f"{shortened(written.text)} has no unit", remedy)
            return self.find(name)
        found = self.of_unit(unit) or (self.find(unit) if unit == name else None)
        if found is None:
            raise _unknown(unit, self._close(unit))
        if name is not None and found.name != name:
            raise bad_amount(f"{shortened(written.text)} is not in {name}", f"Write it in {self.find(name).unit}.")
        return found

    def of_unit(self, unit: str) -> Asset | None:
        """The declared asset with this symbol or name."""
        return self._by_unit.get(unit) or self._by_name.get(unit)

    @staticmethod
    def count(written: Written, unit: str, asset: Asset) -> int:
        """The number in smallest units of the asset. Raises Usage where it is finer than that."""
        if unit in ("", asset.unit) and asset.divides:
            written.check_comma()
        if unit == asset.unit and asset.divides:
            exact = written.scaled(asset.scale)
        elif not unit and not written.whole and asset.divides:
            remedy = f"Write the unit, such as {written.number} {asset.unit}; without one, smallest units are meant."
            raise bad_amount(f"{shortened(written.text)} has no unit", remedy)
        else:
            exact = written.number
        if exact != exact.to_integral_value():
            least = "" if not asset.divides else f", {asset.show(1)}"
            remedy = f"Write fewer digits: the smallest amount is 1 {asset.name}{least}."
            raise bad_amount(f"{shortened(written.text)} is finer than {asset.name} counts", remedy)
        return int(exact)

    def _example(self) -> str:
        best = max(self, key=lambda asset: asset.divides, default=Asset("nEUR", "nEUR", 0))
        return best.show(15 * 10 ** max(0, best.scale - 1))

    def _close(self, text: str) -> str | None:
        words = {word.casefold(): word for asset in self for word in (asset.unit, asset.name)}
        return next((words[match] for match in get_close_matches(text.casefold(), words, 1, 0.7)), None)


def declare(folder: Path, asset: Asset) -> None:
    """Declare an asset in the home in `folder`. Raises Usage."""
    with _alone(folder):
        Assets.read(folder).with_one(asset).write(folder)


def withdraw_declaration(folder: Path, name: str) -> None:
    """Forget an asset's declaration in the home in `folder`. Raises Usage."""
    with _alone(folder):
        Assets.read(folder).without(name).write(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One program at a time, or of two declarations one would be lost."""
    try:
        import fcntl
    except ImportError:  # Windows: one person at one prompt
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _asset(name: str, fields: Mapping[str, Any]) -> Asset:
    unit, scale = fields["unit"], fields["scale"]
    if set(fields) != {"unit", "scale"} or not isinstance(unit, str) or type(scale) is not int:
        raise ValueError(f"{name} has no unit and scale")
    return Asset.declare(name, unit, scale)


def _unknown(text: str, close: str | None) -> Usage:
    meant = "" if close is None else f"Did you mean {close}? "
    name = text if is_asset(text) else "NAME"
    remedy = (
        f"{meant}To begin with a new one: `sealwright asset add {shlex.quote(name)}`; one of another home takes the "
        "name, --unit and --scale that `sealwright asset list` shows there."
    )
    return Usage(f"no asset {shortened(text)} is declared", remedy=remedy, code="unknown_asset")
