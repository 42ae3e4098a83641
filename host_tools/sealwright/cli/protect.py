"""`sealwright owner protect`: the numbers by which a device guards itself in channels."""

from typing import Annotated

import typer

from ..errors import Usage
from ..operate import owner
from ..wire.cbor import Key, Value
from .commands import command
from .options import DeviceOption
from .session import Session

_MOST_SECONDS = 34_560_000  # 400 days: what a device remembers a channel for


@command(
    "protect",
    "Set how a device guards itself in channels.",
    """
    sealwright owner protect --device emulated:roof --credit 500
    sealwright owner protect --device emulated:roof --channels-per-payer 4 --least-left 600
    """,
)
def protect(
    session: Session,
    *,
    device: DeviceOption,
    credit: Annotated[
        int | None,
        typer.Option(
            "--credit", metavar="N", min=0, max=2**63 - 1, help="What one payer may owe without a ledger's funding [0]."
        ),
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
) -> None:
    """Set the numbers by which a device guards itself as a party to channels; the others stay as they are."""
    given = {
        "credit": credit,
        "channels_per_payer": channels_per_payer,
        "least_left": least_left,
        "longest": longest,
        "least_window": least_window,
    }
    numbers = {name: value for name, value in given.items() if value is not None}
    if not numbers:
        raise Usage("no number is given", remedy="Give one or more, such as --credit 500.")
    with session.connect(device) as client:
        arguments: dict[Key, Value] = dict(numbers.items())
        owner.command(session.home, client, "protect", arguments)
    session.emit(ok=True, device=device, protection=numbers)
    session.say(f"{device} has " + ", ".join(f"{name} {value:,}" for name, value in numbers.items()) + " now")
