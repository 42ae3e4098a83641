"""Provisioning: give a device its identity, once. A cut at any step is mended by doing it again.

The host asks for evidence over a fresh nonce, checks it, issues a certificate, notes it in the register as pending, and
sends the grant. The device takes it whole or not at all, so afterwards it either shows this certificate (then the
register says provisioned) or is still keyed (then everything begins again with a new nonce).
"""

import json
import os
import time
from dataclasses import dataclass
from typing import Final

from . import assets
from .certificates import TEST_MODEL, issue
from .device import Client
from .errors import BadSignature, RefusedByDevice, Rejected, Usage
from .home import DONE, PENDING, Home, Registered
from .messages import Certificate, DevicePolicy, Evidence, Grant, Message, parse_as, sign_message

NONCE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The outcome. test: under the test root. resumed: an earlier call had done it, this one only noted it."""

    entry: Registered
    test: bool
    resumed: bool
    certificate: Message[Certificate]


def plan(client: Client) -> str:
    """What `provision` would do with this device, in words. Raises RefusedByDevice where it would be refused."""
    info = client.info()
    if info.state == "blank":
        return "make a key on the device, issue its certificate, grant"
    if info.state == "keyed":
        return "keep the device's key, issue its certificate, grant"
    if info.provisioned:
        return "nothing: it is provisioned"
    raise _wrong_state(info.state)


def provision(home: Home, client: Client, name: str, policy: DevicePolicy | None = None) -> Provisioned:
    """Provision the device behind `client` as `name`, or finish what an earlier call began.

    Raises RefusedByDevice for a device that is provisioned already, Usage for a name that is taken, Rejected for
    evidence that does not hold, Unreachable.
    """
    info = client.info()
    if info.provisioned:
        return _finish(home, client, name)
    if info.state not in ("blank", "keyed"):
        raise _wrong_state(info.state)
    _check_name(home, name, info.device)
    nonce = os.urandom(NONCE_BYTES)
    evidence = _check_evidence(client.evidence(nonce), nonce)
    test = evidence.model.startswith(TEST_MODEL)
    if test != _is_emulated(evidence.model):
        raise Rejected(f"no board here is of model {evidence.model!r}", remedy="Use a Sealwright that knows the board.")
    certificate = _certify(home, evidence, test)
    entry = Registered(
        name=name,
        device=evidence.key.device_id.hex(),
        url=client.url,
        model=evidence.model,
        custody=evidence.custody,
        state=PENDING,
        certificate=certificate.digest.hex(),
        registered_at=certificate.body.issued_at,
    )
    home.register(entry)
    client.grant(_grant(home, certificate, nonce, policy, test).raw)
    return Provisioned(_done(home, entry), test, False, certificate)


def _finish(home: Home, client: Client, name: str) -> Provisioned:
    """A provisioned device is ours to note as done only if it shows the certificate we issued and did not finish."""
    leaf = client.chain()[0]
    entry = home.find(leaf.body.key.device_id)
    if entry is None or entry.state != PENDING or entry.certificate != leaf.digest.hex() or entry.name != name:
        known = f" as {entry.name}" if entry else ", in another home"
        raise RefusedByDevice(
            f"the device is provisioned already{known}: nothing was changed",
            remedy="A device is provisioned once. To give it a new owner, wipe and erase it first.",
            code="already_provisioned",
        )
    test = entry.model.startswith(TEST_MODEL)
    return Provisioned(_done(home, entry), test, True, leaf)


def _done(home: Home, entry: Registered) -> Registered:
    done = Registered(**{**{key: getattr(entry, key) for key in entry.__slots__}, "state": DONE})
    home.register(done)
    return done


def _wrong_state(state: str) -> RefusedByDevice:
    remedy = "Erase its flash and deploy the firmware again: a wiped or damaged device does not start over by itself."
    return RefusedByDevice(f"the device is {state}", remedy=remedy, code=f"device_{state}")


def _check_name(home: Home, name: str, device: bytes | None) -> None:
    for entry in home.registered():
        if entry.name == name and (device is None or entry.device != device.hex()) and entry.state == DONE:
            raise Usage(f"another device is called {name}", remedy="Take another name.", code="name_taken")


def _check_evidence(raw: bytes, nonce: bytes) -> Evidence:
    message = parse_as(raw, Evidence)
    body = message.body
    if not message.signed_by(body.key):
        raise BadSignature("the device's evidence is not signed by the key it shows")
    if body.nonce != nonce or body.ueid != body.key.ueid:
        raise Rejected("the device's evidence answers another request", remedy="Try again.")
    return body


def _is_emulated(model: str) -> bool:
    """Whether `model` is that of an emulated board, by the boards' own descriptions. Raises Rejected for an unknown."""
    for path in sorted((assets.root() / "boards").glob("*/board.json")):
        board = json.loads(path.read_text())
        if board["model"] == model:
            return bool(board.get("emulated"))
    raise Rejected(f"no board here is of model {model!r}", remedy="Use a Sealwright that knows the board.")


def _certify(home: Home, evidence: Evidence, test: bool) -> Message[Certificate]:
    return issue(
        home.key("test" if test else "issuer"),
        evidence.key,
        network=home.network_id(test=test),
        custody=evidence.custody,
        issued_at=int(time.time()),
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
        issued_at=int(time.time()),
        policy=policy,
    )
    return sign_message(home.key("test" if test else "issuer"), body)
