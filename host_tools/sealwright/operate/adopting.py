"""Adopting: a provisioned device comes back into the register of the home that issued its certificate.

Its entry was forgotten, retired, or lost with an older copy of the register. The device keeps its key, its promises and
its certificate; nothing is sent to it but questions.
"""

import time
from dataclasses import replace

from ..errors import BadCertificate, RefusedByDevice, Usage
from ..home import DONE, Home, Registered
from ..link import Client
from ..wire import labels
from ..wire.certificates import check_chain
from ..wire.messages import Certificate, Message, Revocation, parse_as
from . import chips
from .custody import sealed_chip
from .pinning import lasting, wrong_device
from .rotating import note_rotations


def adopt(home: Home, client: Client, name: str | None = None) -> Registered:
    """Put the device behind `client` into the register. name: None for the one that it had there. Where `client.device`
    names one, it must be that.

    Raises RefusedByDevice for a device of another issuer, or one that is revoked or not provisioned; Rejected, as
    `chips.prove`, for one of custody 2 whose chip does not say so; Usage for one that is registered, or a name that
    cannot be its; Unreachable.
    """
    status = client.status().body  # signed, over a fresh nonce: the device has the key of its certificate
    leaf = _own_leaf(home, client)
    if client.device not in (None, status.device):
        raise wrong_device(home, client, status.device)
    if leaf.body.key.device_id != status.device:
        raise _foreign("its certificate is another device's")
    _check_not_revoked(home, status.device)
    rotations = client.rotations()
    note_rotations(home, status.device, rotations)
    known = home.find(status.device)
    if known is not None and known.state == DONE:
        remedy = f"To give it another name: `sealwright devices rename {known.device[:16]} NAME`."
        raise Usage(f"the device is registered as {known.name}", remedy=remedy, code="already_registered")
    if name is None and known is None:
        raise Usage("the register never had this device", remedy="Say what to call it, with --name.", code="no_name")
    name = home.check_name(known.name if name is None and known is not None else name or "", status.device)
    in_chip = leaf.body.custody == labels.ELEMENT and not rotations  # whose word is about the first key
    chip = chips.prove_again(home, client, leaf.body.key) if in_chip else ""
    entry = Registered(
        name=name,
        device=status.device.hex(),
        url=lasting(home, client.url),
        model=leaf.body.model or "",
        custody=leaf.body.custody,
        state=DONE,
        certificate=leaf.digest.hex(),
        registered_at=int(time.time()),
        commands=max(status.command_seq, known.commands if known is not None else 0),
        groups=known.groups if known is not None else (),
        hardened=sealed_chip(home, status.device),
        rotations=[rotation.raw.hex() for rotation in rotations],
        chip=chip,
    )
    home.register(entry)
    return entry


def _check_not_revoked(home: Home, device: bytes) -> None:
    if any(parse_as(raw, Revocation).body.device == device for raw in home.revocations()):
        remedy = "A revocation is for good: erase the device and provision it anew."
        raise RefusedByDevice("this home revoked the device", remedy=remedy, code="revoked")


def rename(home: Home, entry: Registered, name: str) -> Registered:
    """Call a device by another name. Raises Usage for a name that cannot be its."""
    named = replace(entry, name=home.check_name(name, bytes.fromhex(entry.device)))
    home.register(named)
    return named


def _own_leaf(home: Home, client: Client) -> Message[Certificate]:
    """The device's certificate, if one of the home's own keys signed it; it may have expired since."""
    chain = client.chain()
    try:
        check_chain(chain[:1], home.roots(), at=chain[0].body.issued_at, allow_test=True)
    except BadCertificate as error:
        raise _foreign(str(error)) from error
    return chain[0]


def _foreign(why: str) -> RefusedByDevice:
    remedy = "Use the home that provisioned it; to give it a new owner, wipe and erase it first."
    return RefusedByDevice(f"this home did not certify the device: {why}", remedy=remedy, code="wrong_network")
