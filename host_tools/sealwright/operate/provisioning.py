"""Provisioning: give a device its identity, once. A cut at any step is mended by doing it again.

The host asks for evidence over a fresh nonce, checks it, issues a certificate, notes it in the register as pending, and
sends the grant. The device takes it whole or not at all, so afterwards it either shows this certificate (then the
register says provisioned) or is still keyed (then everything begins again with a new nonce).
"""

import os
from dataclasses import dataclass, replace
from typing import Final

from ..errors import BadSignature, RefusedByDevice, Rejected
from ..home import DONE, PENDING, Home, Registered
from ..home.names import name_key
from ..link import Client
from ..targets import kinds
from ..wire.certificates import TEST_MODEL, issue
from ..wire.messages import Certificate, DevicePolicy, Evidence, Grant, Message, parse_as, sign_message
from . import chips, custody
from .chips import NOBODY, Trust
from .custody import Judged
from .pinning import lasting
from .renewing import expiry

NONCE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The outcome. test: under the test root. resumed: an earlier call had done it, this one only noted it. judged: why
    it has its custody, None where it was resumed."""

    entry: Registered
    test: bool
    resumed: bool
    certificate: Message[Certificate]
    judged: Judged | None = None


def plan(home: Home, client: Client, name: str) -> str:
    """What `provision` would do with this device, in words; changes nothing. Raises as `provision` does."""
    info = client.info()
    if info.provisioned:
        _unfinished(home, client, name)
        return "note in the register that it is provisioned: an earlier call did the rest"
    if info.state not in ("blank", "keyed"):
        raise _wrong_state(client, info.state)
    home.check_name(name, info.device)
    kinds.is_emulated(info.model)
    key = "make a key on the device" if info.state == "blank" else "keep the key the device has"
    return f"{key}, issue its certificate, grant"


def provision(
    home: Home,
    client: Client,
    name: str,
    policy: DevicePolicy | None = None,
    valid_days: int | None = None,
    *,
    trust: Trust = NOBODY,
) -> Provisioned:
    """Provision the device behind `client` as `name`, or finish what an earlier call began. valid_days: None
    for a certificate without an end. trust: why a chip that keeps its key is believed.

    Raises RefusedByDevice for a device that is provisioned already, Usage for a name that is taken, Rejected for
    evidence that does not hold, and for a board that says more of its custody than it proves, Unreachable.
    """
    info = client.info()
    if info.provisioned:
        entry, leaf = _unfinished(home, client, name)
        return Provisioned(_complete(home, entry, client), leaf.body.network == home.network_id(test=True), True, leaf)
    if info.state not in ("blank", "keyed"):
        raise _wrong_state(client, info.state)
    name = home.check_name(name, info.device)
    nonce = os.urandom(NONCE_BYTES)
    evidence = _check_evidence(client.evidence(nonce), nonce)
    test = evidence.model.startswith(TEST_MODEL)
    if test != kinds.is_emulated(evidence.model):
        raise Rejected(f"no board here is of model {evidence.model!r}", remedy="Use a Sealwright that knows the board.")
    # the firmware of a real board does not know that it is emulated; who runs it does
    test = test or lasting(home, client.url).startswith("emulated:")
    judged = custody.judge(home, client, evidence, nonce, test=test, trust=trust)
    certificate = _certify(home, evidence, judged.custody, test, valid_days)
    entry = _enter(home, client, name, certificate, judged)
    grant = _grant(home, certificate, nonce, policy, test)
    home.keep_grant(evidence.key.device_id, grant.raw)
    client.grant(grant.raw)
    return Provisioned(_complete(home, entry, client), test, False, certificate, judged)


def _enter(home: Home, client: Client, name: str, certificate: Message[Certificate], judged: Judged) -> Registered:
    """Note in the register that this certificate is on its way to the device, and on the word of which chip."""
    device = certificate.body.key.device_id
    entry = Registered(
        name=name,
        device=device.hex(),
        url=lasting(home, client.url),
        model=certificate.body.model or "",
        custody=certificate.body.custody,
        state=PENDING,
        certificate=certificate.digest.hex(),
        registered_at=certificate.body.issued_at,
        hardened=custody.keep(home, judged.sealed, device),
        chip=chips.keep(home, judged.chip, device),
    )
    home.register(entry)
    return entry


def _unfinished(home: Home, client: Client, name: str) -> tuple[Registered, Message[Certificate]]:
    """The entry and certificate of a provisioned device that shows the very certificate an earlier call issued and did
    not note as taken. Raises RefusedByDevice for any other."""
    leaf = client.chain()[0]
    entry = home.find(leaf.body.key.device_id)
    unfinished = entry is not None and entry.state == PENDING and entry.certificate == leaf.digest.hex()
    if entry is None or not unfinished or name_key(entry.name) != name_key(name):
        known = f" as {entry.label}" if entry else ", in another home"
        remedy = "A device is provisioned once. To give it a new owner, wipe and erase it first."
        if entry and not entry.active:
            remedy = f"To bring it back into the register: `sealwright devices adopt {client.url}`."
        if entry and unfinished:
            remedy = f"An earlier call did not note that it was done: finish it with --name {entry.name}."
        raise RefusedByDevice(
            f"{client.url} is provisioned already{known}: nothing was changed",
            remedy=remedy,
            code="already_provisioned",
        )
    return entry, leaf


def _complete(home: Home, entry: Registered, client: Client) -> Registered:
    done = replace(entry, state=DONE, url=lasting(home, client.url))
    home.register(done)
    return done


def _wrong_state(client: Client, state: str) -> RefusedByDevice:
    remedy = "Erase its flash and deploy the firmware again: a wiped or damaged device does not start over by itself."
    return RefusedByDevice(f"{client.url}: the device is {state}", remedy=remedy, code=f"device_{state}")


def _check_evidence(raw: bytes, nonce: bytes) -> Evidence:
    message = parse_as(raw, Evidence)
    body = message.body
    if not message.signed_by(body.key):
        raise BadSignature("the device's evidence is not signed by the key it shows")
    if body.nonce != nonce or body.ueid != body.key.ueid:
        raise Rejected("the device's evidence answers another request", remedy="Try again.")
    return body


def _certify(home: Home, evidence: Evidence, level: int, test: bool, valid_days: int | None) -> Message[Certificate]:
    now = home.now()
    return issue(
        home.key("test" if test else "issuer"),
        evidence.key,
        network=home.network_id(test=test),
        custody=level,
        issued_at=now,
        expires=expiry(now, valid_days),
        model=evidence.model,
    )


def _grant(
    home: Home, certificate: Message[Certificate], nonce: bytes, policy: DevicePolicy | None, test: bool
) -> Message[Grant]:
    body = Grant(
        device=certificate.body.key.device_id,
        nonce=nonce,
        chain=(certificate, home.root(test=test)),
        owner=home.key("owner").public,
        network=home.network_id(test=test),
        issued_at=home.now(),
        policy=policy,
        ledger_chain=home.ledger_chain(test=test),
    )
    return sign_message(home.key("test" if test else "issuer"), body)
