"""`sealwright renew`: a new certificate for a device's key."""

from ..operate import renewing
from .commands import command
from .options import DaysOption, DeviceOption
from .session import Session
from .words import clock


@command(
    "renew",
    "Give a device a new certificate.",
    """
    sealwright renew charger --valid-days 365
    sealwright renew charger@tcp:192.0.2.7:4242
    """,
)
def renew(
    session: Session,
    device: DeviceOption,
    valid_days: DaysOption = None,
) -> None:
    """Give a device a new certificate for the key it has. Its owner, policy and promises stay as they are."""
    with session.connect(device) as client:
        certificate = renewing.renew(session.home, client, valid_days)
    body = certificate.body
    session.emit(
        ok=True,
        device=body.key.device_id.hex(),
        certificate=certificate.digest.hex(),
        issued=body.issued_at,
        expires=body.expires,
    )
    end = "has no end" if body.expires is None else f"ends on {clock(body.expires)}"
    session.say(f"{device} has a new certificate, which {end}.")
