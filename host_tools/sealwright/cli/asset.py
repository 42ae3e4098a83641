"""`sealwright asset ...`: what money is counted in here, and how people write it."""

from typing import Annotated, Final

import typer

from ..bookkeeping import open_ledger
from ..errors import Usage
from ..money import Asset, Assets, declare, withdraw_declaration
from .commands import Command, command
from .session import Session


@command(
    "add",
    "Declare an asset, its unit and scale.",
    """
    sealwright asset add nEUR --unit EUR --scale 9
    sealwright asset add points
    """,
)
def add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="On the wire: the name of its smallest unit.")],
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="UNIT", help="The symbol people write, such as EUR [default: NAME].")
    ] = None,
    scale: Annotated[
        int, typer.Option("--scale", metavar="N", help="One unit is ten to the power of N smallest units.")
    ] = 0,
) -> None:
    """Declare an asset: from now on its amounts may be written and are shown in its unit.

    The smallest unit is what devices count in, and nothing is smaller. Choose it so small that one unit of the goods,
    such as a joule, costs a whole number of it. The declaration is this home's own: it changes nothing that is signed.
    """
    asset = Asset.declare(name, unit, scale)
    declare(session.home.folder, asset)
    session.emit(ok=True, **_as_json(asset))
    session.say(_said(asset))


@command("list", "Which assets are declared.", "sealwright asset list")
def listed(session: Session) -> None:
    """Show the assets that this home has declared."""
    found = list(Assets.read(session.home.folder))
    for asset in found:
        session.emit(**_as_json(asset))
    if found:
        rows = [(one.name, one.unit, str(one.scale), f"1 {one.name} = {one.show(1)}") for one in found]
        session.table(("asset", "unit", "scale>", "smallest"), rows)
    else:
        session.say("None yet: `sealwright asset add nEUR --unit EUR --scale 9` declares one.")


@command("remove", "Forget an asset's declaration.", "sealwright asset remove points")
def remove(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `sealwright asset list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Also while the ledger holds money in it.")] = False,
) -> None:
    """Forget an asset's declaration. What the ledger holds of it stays, and is shown in smallest units."""
    Assets.read(session.home.folder).known(name)
    if not yes:
        with open_ledger(session.home) as ledger:
            held = any(one.asset == name and one.amount for one in ledger.balances())
        if held:
            remedy = "Nothing of it is lost: it is shown in smallest units from then on. To do so, add --yes."
            raise Usage(f"the ledger holds money in {name}", remedy=remedy, code="not_confirmed")
    withdraw_declaration(session.home.folder, name)
    session.emit(ok=True, asset=name)
    session.say(f"{name} is no declared asset now.")


def _said(asset: Asset) -> str:
    return f"{asset.name} is declared" + (f": 1 {asset.name} is {asset.show(1)}" if asset.unit != asset.name else ".")


def _as_json(asset: Asset) -> dict[str, str | int]:
    return {"asset": asset.name, "unit": asset.unit, "scale": asset.scale}


COMMANDS: Final[tuple[Command, ...]] = (add, listed, remove)
