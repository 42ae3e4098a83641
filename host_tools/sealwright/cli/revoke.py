"""`sealwright revoke`: the issuer takes back a device's certificates."""

from typing import Annotated

import typer

from ..errors import SealwrightError, Usage
from ..operate import renewing
from ..operate.pinning import named
from .commands import command
from .session import Session


@command(
    "revoke",
    "Take back a device's certificates.",
    """
    sealwright revoke charger --reason lost
    sealwright revoke charger --reason lost --to emulated:solar --to emulated:station
    """,
)
def revoke(
    session: Session,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Its name, or the beginning of its id.")],
    reason: Annotated[str, typer.Option("--reason", metavar="REASON", help=f"One of {', '.join(renewing.REASONS)}.")],
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="URL", help="A device that is to know it; may be repeated.")
    ] = None,
) -> int:
    """Take back a device's certificates, from now on and for good: devices that know it do not trade with it any more.

    The revocation is kept in the home's folder `revocations`. Exits as the first device of --to that did not take it.
    """
    if reason not in renewing.REASONS:
        raise Usage(f"{reason!r} is no reason", remedy=f"Give one of {', '.join(renewing.REASONS)}.")
    entry = named(session.home, device)
    message = renewing.revoke(session.home, entry, reason)
    session.emit(ok=True, device=entry.device, name=entry.name, reason=reason, revocation=message.raw.hex())
    session.say(f"{entry.name} is revoked; the revocation is kept in {session.home.folder / 'revocations'}.")
    code = 0
    for url in to or ():
        try:
            with session.connect(url) as client:
                client.revoke(message.raw)
        except SealwrightError as error:
            code = code or session.fail(error, device=url)
        else:
            session.emit(ok=True, told=url)
            session.say(f"{url} knows it.")
    return code
