"""`sealwright renew`: new certificates for the keys of devices."""

from shlex import quote
from typing import Annotated

import typer

from ..errors import SealwrightError, Usage
from ..link.element import read_element
from ..operate import renewing
from ..wire.labels import ELEMENT
from . import chip as chips
from . import renewals
from .commands import command
from .options import ChipOption, ChipRootOption, DaysOption, DevicesOption
from .session import Session
from .words import clock, custody


@command(
    "renew",
    "Give devices new certificates.",
    """
    sealwright renew charger --valid-days 365
    sealwright renew charger@tcp:192.0.2.7:4242
    sealwright renew --all --within 30d --dry-run      whose certificates end in the next 30 days
    sealwright renew --all --within 30d                each as long as its last one
    sealwright renew vault --chip 0123aabbccddeeff01    custody 2, if the chip that you know to be there signs so
    """,
)
def renew(
    session: Session,
    *,
    device: DevicesOption,
    valid_days: DaysOption = None,
    within: Annotated[
        str | None, typer.Option("--within", metavar="TIME", help="Only certificates that end within, such as 30d.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be renewed; change nothing.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, max=64, help="How many devices at a time.")] = 8,
    chip: ChipOption = None,
    chip_root: ChipRootOption = None,
) -> int:
    """Give a device a new certificate for the key it has. Its owner, policy and promises stay as they are.

    Custody is judged anew: a device whose key is in a chip has the chip sign for it again. With --within only
    certificates of this home that end so soon: the new one is as long as the last, unless --valid-days says otherwise.
    No device is then extended that was revoked, that contradicts itself or whose custody would be lower. Exits as the
    first device that could not be renewed. A hub renews by itself: `sealwright hub --renew-before`.
    """
    if dry_run and within is None:
        raise Usage("--dry-run shows what --within would renew", remedy="Give a time, too, such as --within 30d.")
    if within is not None:
        if chip is not None:
            raise Usage("--chip is for one device that you name", remedy="Leave out --within and --dry-run.")
        return renewals.renew(session, device, within, valid_days, dry_run=dry_run, jobs=jobs)
    if len(device) > 1 and valid_days is None:
        remedy = "Give --within 30d, which keeps the length of each, or --valid-days N."
        raise Usage(f"{len(device)} certificates would have no end", remedy=remedy)
    code = 0
    for one in device:
        try:
            _renew(session, one, valid_days, chip, chip_root)
        except SealwrightError as error:
            if len(device) == 1:
                raise
            code = code or session.fail(error, device=one)
    return code


def _renew(session: Session, device: str, valid_days: int | None, chip: ChipOption, chip_root: ChipRootOption) -> None:
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
