"""Renew a device's certificate, and take one back.

A renewal is a grant that answers the device's last status: a new chain for the same key, by the issuer that has
certified it, and nothing else of the device changes. What a device shows as its certificate counts only where a root of
this home certifies it; with `again` the one that the home kept counts instead. A revocation is signed by that issuer
too. The home keeps it; verifiers, ledgers and devices honour it once they have it.
"""

import os
from dataclasses import replace
from typing import Final

from ..errors import BadCertificate, RefusedByDevice, Rejected
from ..files import exclusive
from ..home import Home, Registered
from ..link import Client
from ..wire import labels
from ..wire.certificates import TEST_MODEL, check_chain, issue
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Grant, Message, Revocation, Status, parse_as, sign_message
from . import chips
from .chips import NOBODY, NONCE_BYTES, Trust
from .custody import Judged, at_renewal, by_chip
from .pinning import prove

SECONDS_A_DAY: Final = 86400
REASONS: Final = {
    "none": labels.REASON_NONE,
    "lost": labels.REASON_KEY_LOST,
    "superseded": labels.REASON_SUPERSEDED,
    "retired": labels.REASON_RETIRED,
    "misused": labels.REASON_MISUSED,
}


def expiry(now: int, valid_days: int | None) -> int | None:
    """Unix time at which a certificate of so many days ends; None: it has no end."""
    return None if valid_days is None else now + valid_days * SECONDS_A_DAY


def renew(
    home: Home,
    client: Client,
    valid_days: int | None = None,
    trust: Trust = NOBODY,
    *,
    again: Certificate | None = None,
) -> Message[Certificate]:
    """Give the device behind `client` a new certificate for its key; returns it. valid_days: None for no end. trust:
    why a chip that keeps its key is believed. again: the certificate that this home gave it last; the new one has its
    model, its custody or more and, without valid_days, its length.

    Raises RefusedByDevice, also for a device that is another than the register has, or of another network; Rejected, as
    `chips.prove`, for one whose chip no longer says that it keeps the key, and with `again` for one whose custody would
    be lower (custody_lower).
    """
    status = prove(home, client)
    old = again or _shown(home, client)
    test = old.network == home.network_id(test=True)
    if old.key.device_id != status.body.device or (not test and old.network != home.network_id()):
        raise _foreign("the device's certificate is of another network")
    now = home.now()
    signer = home.key("test" if test else "issuer")
    judged = _judge(home, client, old, trust)
    if again is not None and judged.custody < again.custody:
        remedy = f"See why with `sealwright info`. `sealwright renew` by its name certifies custody {judged.custody}."
        raise Rejected("its custody could not be proved again", remedy=remedy, code="custody_lower")
    certificate = issue(
        signer,
        old.key,
        network=old.network,
        custody=judged.custody,
        issued_at=now,
        expires=_end(now, valid_days, again),
        model=old.model,
    )
    grant = sign_message(signer, _answer(home, status, certificate, test=test))
    chip = chips.keep(home, judged.chip, status.body.device)
    client.grant(grant.raw)
    home.keep_grant(status.body.device, grant.raw)
    # commands count their numbers in the same file
    with exclusive(home.folder / "devices" / f"{status.body.device.hex()}.json", wait=True):
        entry = home.find(status.body.device)
        if entry is not None:
            home.register(replace(entry, certificate=certificate.digest.hex(), custody=judged.custody, chip=chip))
    return certificate


def _end(now: int, valid_days: int | None, again: Certificate | None) -> int | None:
    if valid_days is None and again is not None and again.expires is not None:
        return now + again.expires - again.issued_at
    return expiry(now, valid_days)


def _shown(home: Home, client: Client) -> Certificate:
    """The certificate that the device shows, if a root of this home certifies it; it may have ended since. Raises
    RefusedByDevice."""
    chain = client.chain()
    try:
        return check_chain(chain, home.roots(), at=chain[0].body.issued_at, allow_test=True)
    except BadCertificate as error:
        raise _foreign(f"this home did not certify the device: {error}") from error


def _foreign(why: str) -> RefusedByDevice:
    return RefusedByDevice(why, remedy="Use the home that provisioned it.", code="wrong_network")


def _first_owner(home: Home, device: bytes) -> PublicKey:
    """Whom the device's grant named: a renewal names the same, and transfers since count from there."""
    granted = home.grant(device)
    return home.key("owner").public if granted is None else parse_as(granted, Grant).body.owner


def _answer(home: Home, status: Message[Status], certificate: Message[Certificate], *, test: bool) -> Grant:
    return Grant(
        device=status.body.device,
        nonce=status.digest,
        chain=(certificate, home.root(test=test)),
        owner=_first_owner(home, status.body.device),
        network=certificate.body.network,
        issued_at=certificate.body.issued_at,
        ledger_chain=home.ledger_chain(test=test),
    )


def _judge(home: Home, client: Client, old: Certificate, trust: Trust) -> Judged:
    """Custody is judged anew: custody 2 only where a chip signs today that it keeps the key. The certificate names the
    first key of a device, which no chip keeps any more after a rotation: custody 0 then. Raises Rejected as
    `chips.prove`, and for a chip that is to vouch for a rotated key."""
    if client.rotations():
        if trust.serial is not None:
            remedy = "Renew it without --chip: custody 0. For custody 2, wipe the device and provision it anew."
            raise Rejected(
                "its key was rotated, and a chip's word does not pass on", remedy=remedy, code="chip_rotated"
            )
        return Judged(at_renewal(home, old))
    in_chip = labels.ELEMENT in (old.custody, client.info().custody) or trust.serial is not None
    if in_chip:
        return by_chip(home, client, old.key, os.urandom(NONCE_BYTES), trust)
    return Judged(at_renewal(home, old))


def revoke(home: Home, entry: Registered, reason: str) -> Message[Revocation]:
    """Sign that the device's certificates count no more from now on, and keep that in the home. reason: of REASONS."""
    granted = home.grant(bytes.fromhex(entry.device))
    if granted is None:
        test = entry.model.startswith(TEST_MODEL)
    else:
        test = parse_as(granted, Grant).body.network == home.network_id(test=True)
    signer = home.key("test" if test else "issuer")
    body = Revocation(bytes.fromhex(entry.device), REASONS[reason], home.now())
    message = sign_message(signer, body)
    home.keep_revocation(message)
    return message
