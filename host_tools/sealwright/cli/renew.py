"""`sealwright renew`: a new certificate for a device's key."""

from shlex import quote

from ..link.element import read_element
from ..operate import renewing
from ..wire.labels import ELEMENT
from . import chip as chips
from .commands import command
from .options import ChipOption, ChipRootOption, DaysOption, DeviceOption
from .session import Session
from .words import clock, custody


@command(
    "renew",
    "Give a device a new certificate.",
    """
    sealwright renew charger --valid-days 365
    sealwright renew charger@tcp:192.0.2.7:4242
    sealwright renew vault --chip 0123aabbccddeeff01    custody 2, if the chip that you know to be there signs so
    """,
)
def renew(
    session: Session,
    device: DeviceOption,
    valid_days: DaysOption = None,
    chip: ChipOption = None,
    chip_root: ChipRootOption = None,
) -> None:
    """Give a device a new certificate for the key it has. Its owner, policy and promises stay as they are.

    Custody is judged anew: a device whose key is in a chip has the chip sign for it again.
    """
    trust = chips.trust(session, chip, chip_root)
    with session.connect(device) as client:
        certificate = renewing.renew(session.home, client, valid_days, trust)
        body = certificate.body
        found = client.info()
        unproved = found.custody == ELEMENT != body.custody and not found.raw.get("rotations")
        element = read_element(client) if unproved else None
    kept = session.home.chips.of(body.key.device_id) if body.custody == ELEMENT else None
    session.emit(
        ok=True,
        device=body.key.device_id.hex(),
        certificate=certificate.digest.hex(),
        issued=body.issued_at,
        expires=body.expires,
        custody=body.custody,
        **chips.facts(kept),
    )
    end = "has no end" if body.expires is None else f"ends on {clock(body.expires)}"
    session.say(f"{device} has a new certificate, custody {custody(body.custody)}, which {end}.")
    chips.tell_limits(session, kept)
    chips.tell_unvouched(session, None if element is None else element.serial.hex(), quote(device))
