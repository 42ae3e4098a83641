"""`sealwright revoke`: the issuer takes back a device's certificates."""

from typing import Annotated

import typer

from ..agent.doing import settle_revocation
from ..errors import SealwrightError, Usage
from ..operate import renewing
from .commands import command
from .options import NamedDevice
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
    device: NamedDevice,
    reason: Annotated[str, typer.Option("--reason", metavar="REASON", help=f"One of {', '.join(renewing.REASONS)}.")],
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="DEVICE", help="A device that is to know it; may be repeated.")
    ] = None,
) -> int:
    """Take back a device's certificates, from now on and for good: devices that know it do not trade with it any more.

    The home's ledger takes it at once: the device opens no more channels there, and its open ones begin to end.
    The revocation is kept in the home's folder `revocations`. Exits as the first device of --to that did not take it.
    """
    if reason not in renewing.REASONS:
        raise Usage(f"{reason!r} is no reason", remedy=f"Give one of {', '.join(renewing.REASONS)}.")
    entry = session.home.resolve(device)
    for text in to or ():
        session.url(text)  # raises: what is for good begins after every name is known
    message = renewing.revoke(session.home, entry, reason)
    session.emit(ok=True, device=entry.device, name=entry.name, reason=reason, revocation=message.raw.hex())
    session.say(f"{entry.name} is revoked; the revocation is kept in {session.home.folder / 'revocations'}.")
    verdict = settle_revocation(session.home, entry, message)
    session.emit(ok=verdict.ok, code=verdict.code, ledger=session.home.ledger_id.hex())
    code = 0 if verdict.ok else 1
    if not verdict.ok:
        session.note(f"the ledger refused it: {verdict.code}: {verdict.why}")
    for url in to or ():
        try:
            with session.connect(url) as client:
                client.revoke(message.raw)
        except SealwrightError as error:
            code = code or session.fail(error, device=url)
        else:
            session.emit(ok=True, device=url)
            session.say(f"{url} knows it.")
    return code
