"""Messages by keys that need no certificate: a device's evidence speaks for its own key, an owner is known by its key.

Limits: evidence proves that somebody has a key, and nothing about which device it is.
"""

from typing import Final

from ..wire.certificates import Fault
from ..wire.messages import Body, Command, Delegation, Evidence, Firmware, Message
from ..wire.times import utc
from .codes import OK, first
from .finding import Finding
from .memory import Memory
from .policy import Policy

AGAIN: Final = "the same message came before"


def judge_evidence(message: Message[Body], body: Evidence, memory: Memory) -> Finding:
    """Faults: bad_certificate, bad_signature, replay."""
    device = body.key.device_id
    fault = first(
        Fault("bad_certificate", "its ueid is not that of its key") if body.ueid != body.key.ueid else None,
        None if message.signed_by(body.key) else Fault("bad_signature", "its own key did not sign it"),
    )
    fault = fault or replay(message, memory)
    note = Fault(OK, "It proves that the device has this key, and nothing about which device it is")
    return Finding(fault, device, device, None if fault else note)


def judge_order(
    message: Message[Body], body: Command | Firmware | Delegation, policy: Policy, memory: Memory
) -> Finding:
    """What an owner signs. Faults: unknown_signer, bad_signature, replay, expired."""
    device = None if isinstance(body, Firmware) else body.device
    granted = None if device is None else memory.owner(device)
    keys = policy.owners if granted is None else (*policy.owners, granted)
    owners = [key for key in keys if key.kid == message.kid]
    if not owners:
        return Finding(Fault("unknown_signer", "no owner known here has this key"), device)
    signer = next((key for key in owners if message.signed_by(key)), None)
    if signer is None:
        return Finding(Fault("bad_signature", "its owner's key did not sign it"), device)
    ends = None if isinstance(body, Firmware) else body.not_after
    fault = replay(message, memory)
    if fault is None and ends is not None and policy.now() > ends:
        fault = Fault("expired", f"it held until {utc(ends)}")
    return Finding(fault, device, signer.device_id, owner=None if granted is None else granted.device_id)


def replay(message: Message[Body], memory: Memory) -> Fault | None:
    """Certificates may come again; everything else counts once."""
    return Fault("replay", AGAIN) if memory.seen(message) else None
