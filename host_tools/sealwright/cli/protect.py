"""`sealwright owner protect`: the numbers by which a device guards itself in channels."""

from collections.abc import Mapping
from typing import Annotated

import typer

from ..errors import Usage
from ..link import Info
from ..money import Assets, read_number
from ..operate import owner
from ..wire.cbor import Key, Value
from .commands import command
from .money import home_assets
from .options import DeviceOption
from .session import Session

_MOST_SECONDS = 34_560_000  # 400 days: what a device remembers a channel for


@command(
    "protect",
    "Set how a device guards itself in channels.",
    """
    sealwright owner protect --device emulated:roof --credit 0.05EUR
    sealwright owner protect --device emulated:roof --channels-per-payer 4 --least-left 600
    sealwright owner protect --device emulated:heater --voucher-every 256
    """,
)
def protect(
    session: Session,
    *,
    device: DeviceOption,
    credit: Annotated[
        str | None,
        typer.Option("--credit", metavar="AMOUNT", help="What one payer may owe without a ledger's funding [0]."),
    ] = None,
    channels_per_payer: Annotated[
        int | None, typer.Option("--channels-per-payer", metavar="N", min=1, max=8, help="Kept of one payer [2].")
    ] = None,
    least_left: Annotated[
        int | None,
        typer.Option("--least-left", metavar="S", min=0, max=_MOST_SECONDS, help="A channel must last [3600]."),
    ] = None,
    longest: Annotated[
        int | None, typer.Option("--longest", metavar="S", min=1, max=_MOST_SECONDS, help="A channel may last.")
    ] = None,
    least_window: Annotated[
        int | None,
        typer.Option("--least-window", metavar="S", min=0, max=_MOST_SECONDS, help="A dispute window has [86400]."),
    ] = None,
    voucher_every: Annotated[
        int | None,
        typer.Option(
            "--voucher-every", metavar="N", min=0, max=512, help="Units, paid by ticks, to a voucher; 0: no ticks [64]."
        ),
    ] = None,
) -> None:
    """Set the numbers by which a device guards itself as a party to channels; the others stay as they are."""
    given = {
        "channels_per_payer": channels_per_payer,
        "least_left": least_left,
        "longest": longest,
        "least_window": least_window,
        "voucher_every": voucher_every,
    }
    numbers = {name: value for name, value in given.items() if value is not None}
    if not numbers and credit is None:
        raise Usage("no number is given", remedy="Give one or more, such as --credit 0.05EUR.")
    assets, asset = home_assets(session), None
    if credit is not None:
        read_number(credit)  # what is no amount need not reach the device
    with session.connect(device) as client:
        if credit is not None:
            asset = asset_sold(client.info())
            numbers["credit"] = _credit(credit, asset, assets)
        arguments: dict[Key, Value] = dict(numbers.items())
        owner.command(session.home, client, "protect", arguments)
    session.emit(ok=True, device=device, protection=protection_json(numbers))
    session.say(f"{device} has {protection(numbers, asset, assets)} now")


def asset_sold(info: Info) -> str | None:
    """The asset of a device's offer: what it grants credit in."""
    offer = info.raw.get("offer")
    return None if offer is None else str(offer[0])


def protection(numbers: Mapping[str, int], asset: str | None, assets: Assets) -> str:
    """The numbers in words. asset: of the device's offer."""
    shown = {name: f"{value:,}" for name, value in numbers.items()}
    if "credit" in numbers and asset is not None:
        shown["credit"] = assets.show(numbers["credit"], asset)
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in sorted(shown.items()))


def protection_json(numbers: Mapping[str, int]) -> dict[str, int | str]:
    """The numbers for programs: an amount is text, because JavaScript rounds large numbers."""
    return {name: str(value) if name == "credit" else value for name, value in numbers.items()}


def _credit(text: str, asset: str | None, assets: Assets) -> int:
    """Credit in smallest units of what the device sells for; of any asset while it sells nothing."""
    if asset is None and not read_number(text).unit:
        return Assets().parse(text, "units").value
    return assets.parse(text, asset).value
