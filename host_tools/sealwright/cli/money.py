"""How commands take amounts and prices, and begin with an asset that is new on purpose."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ..errors import Usage
from ..money import Amount, Asset, Assets, check_name, declare
from ..wire.messages import DevicePolicy
from ..wire.messages.schema import read
from .session import Session

AMOUNT = "Such as 1.50EUR; a bare number is in the asset's smallest unit."
AmountOption = Annotated[str, typer.Option("--amount", metavar="AMOUNT", help=AMOUNT)]
AssetOption = Annotated[
    str | None, typer.Option("--asset", metavar="ASSET", help="Which asset, where the amount does not say it.")
]
NewAssetOption = Annotated[
    bool, typer.Option("--new-asset", help="The asset is new on purpose; `sealwright asset add` gives it a unit.")
]


def home_assets(session: Session, *new: str) -> Assets:
    """The home's assets, and those that are `new` on purpose. Raises Usage."""
    found = Assets.read(session.home.folder)
    for name in new:
        if name not in found:
            found = found.with_one(Asset.declare(name))
    return found


def begun(asset: str | None) -> list[str]:
    """What `home_assets` and `keep_new` take with --new-asset. Raises Usage."""
    if asset is None:
        raise Usage("--new-asset without --asset", remedy="Name the new asset with --asset, letter by letter.")
    return [check_name(asset)]


def keep_new(session: Session, *new: str) -> None:
    """Declare what a command began with, once it has. Raises Usage."""
    for name in new:
        if name not in Assets.read(session.home.folder):
            declare(session.home.folder, Asset.declare(name))
            session.note(f"{name} is a declared asset now: `sealwright asset list`.")


def undeclared(said: Mapping[str, Any], declared: Assets) -> list[str]:
    """The assets of a device's policy and offer that are not declared. said: what it says of itself."""
    policy, offer = said.get("policy"), said.get("offer")
    named = [] if policy is None else list(read(DevicePolicy, policy).limits)
    named += [] if offer is None else [offer[0]]
    return sorted({name for name in named if name not in declared})


def positive(given: Amount, text: str) -> Amount:
    """An amount that moves something. Raises Usage."""
    if given.value < 1:
        raise Usage(f"the amount {text!r} moves nothing", remedy="Give an amount above zero.", code="bad_amount")
    return given
