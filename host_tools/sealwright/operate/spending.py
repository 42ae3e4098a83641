"""Spending policies as people write them: JSON files, checked and turned into what a device takes.

    {"assets": {"nEUR": {"per_voucher": 1000000, "per_day": 50000000}},
     "payees": ["roof", "<device id>", "did:key:..."], "button_above": 500000, "not_after": 1798761600}

Amounts are in the asset's smallest unit, or text as people write it, such as "0.05 EUR"; times are unix seconds.
"assets" alone is required. An asset's name is printable ASCII without spaces, 1 to 32 characters: two names that look
the same are the same. A payee is a device as `Home` identifies it; without a home, a whole id or did:key.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..errors import Usage, cause_of
from ..home import Home
from ..home.register import exact_id
from ..money import Assets, check_name
from ..texts import read_json
from ..wire.messages import DevicePolicy, Limit

_POLICY_REMEDY: Final = 'It looks like {"assets": {"nEUR": {"per_voucher": 1000, "per_day": 50000}}}; see the README.'
_POLICY_KEYS: Final = {"assets", "payees", "button_above", "not_after"}


def load_policy(path: str | Path, *, home: Home | None = None) -> DevicePolicy:
    """A spending policy from a JSON file. home: the one whose assets and devices it names. Raises Usage, naming what is
    wrong."""
    try:
        value = read_json(Path(path))
    except OSError as error:
        raise Usage(f"cannot read the policy {path}: {error.strerror}", remedy="Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise Usage(
            f"the policy {path} is no JSON: {cause_of(error)}", remedy=_POLICY_REMEDY, code="bad_policy"
        ) from error
    return parse_policy(value, home=home)


def parse_policy(value: Any, *, home: Home | None = None) -> DevicePolicy:
    """A spending policy from the JSON value of such a file. home: the one whose assets and devices it names; without
    one, any asset. Raises Usage."""
    try:
        if not isinstance(value, dict) or not set(value) <= _POLICY_KEYS or not value["assets"]:
            raise ValueError("unknown or missing keys")
        caps = dict(value["assets"])
        known = Assets() if home is None else Assets.read(home.folder)
        for asset in caps:
            check_name(asset) if home is None else known.known(asset)
        payees = value.get("payees")
        return DevicePolicy(
            limits={asset: _limit(cap, asset, known) for asset, cap in caps.items()},
            payees=None if payees is None else tuple(_device_id(text, home) for text in payees),
            button_above=_button(value["button_above"], caps, known) if "button_above" in value else None,
            not_after=_whole(value["not_after"]) if "not_after" in value else None,
        )
    except (KeyError, TypeError) as error:
        raise Usage("no spending policy: a key is missing", remedy=_POLICY_REMEDY, code="bad_policy") from error
    except ValueError as error:
        raise Usage(f"no spending policy: {error}", remedy=_POLICY_REMEDY, code="bad_policy") from error


def _limit(cap: Mapping[str, Any], asset: str, assets: Assets) -> Limit:
    if set(cap) != {"per_voucher", "per_day"}:
        raise ValueError("an asset has per_voucher and per_day")
    return Limit(_amount(cap["per_voucher"], asset, assets), _amount(cap["per_day"], asset, assets))


def _button(value: Any, caps: Mapping[str, Any], assets: Assets) -> int:
    """One number for every asset of the policy: with a unit it is clear only where there is one asset."""
    return _amount(value, next(iter(caps)), assets) if len(caps) == 1 else _whole(value)


def _amount(value: Any, asset: str, assets: Assets) -> int:
    return assets.parse(value, asset).value if isinstance(value, str) else _whole(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError(f"{value!r} is no amount or time")
    return value


def _device_id(text: Any, home: Home | None) -> bytes:
    found = None
    if isinstance(text, str):
        try:
            found = exact_id(text) if home is None else home.identify(text)
        except Usage as error:
            raise Usage(f"a payee of the policy: {error}", remedy=error.remedy, code=error.code) from error
    if found is None:
        raise ValueError(f"{text!r} is no device id")
    return found
