"""What only some keys may say: issuers grant and revoke, ledgers fund and refund, devices speak for themselves.

Each function returns the fault of a message whose signature by `signer` holds, or None.
"""

from collections.abc import Iterable, Sequence

from ..errors import BadCertificate
from ..wire.certificates import CLOCK_SKEW, Fault, check_chain
from ..wire.messages import (
    Body,
    Certificate,
    Checkpoint,
    Division,
    Funding,
    Grant,
    LogEnd,
    Message,
    Reading,
    Refund,
    Revocation,
    Rotation,
    Shift,
)
from ..wire.times import utc
from .codes import EQUIVOCATION
from .lines import Lines
from .memory import Memory, Terms
from .policy import Policy
from .signer import Signer
from .signers import Signers


def grant_fault(
    body: Grant, signer: Signer, signers: Signers, roots: Iterable[Message[Certificate]], policy: Policy
) -> Fault | None:
    """Faults: not_yet_valid, those of its chain, bad_certificate, wrong_network."""
    now = policy.now()
    if body.issued_at > now + CLOCK_SKEW:
        return Fault("not_yet_valid", f"it was granted at {utc(body.issued_at)}, after now")
    try:
        leaf = check_chain(body.chain, roots, at=now, allow_test=policy.allow_test)
    except BadCertificate as error:
        return Fault(error.code, f"its chain: {error}")
    if leaf.key.device_id != body.device:
        return Fault("bad_certificate", "its chain certifies another device than it grants to")
    above = {body.chain[-1].body.issuer, *(link.body.subject for link in body.chain[1:])}
    known = signers.known_device(body.device)
    rival = known is not None and known.fault is None and signer.id not in known.above
    if rival or signer.key.did not in above:  # else any issuer could name the owner of another's device
        return Fault("bad_certificate", "another issuer certified this device")
    return network_fault(body.network, leaf.network)


def revocation_fault(body: Revocation, signer: Signer, signers: Signers, now: int) -> Fault | None:
    """Faults: unknown_signer (its device is certified by nobody yet), bad_certificate, not_yet_valid."""
    if body.revoked_from > now + CLOCK_SKEW:
        return Fault("not_yet_valid", f"it counts from {utc(body.revoked_from)} on")
    known = signers.known_device(body.device)
    if known is None and not signer.known.is_root:
        return Fault("unknown_signer", "no certificate of the device that it revokes is known here yet")
    if known is not None and signer.id not in known.above:
        return Fault("bad_certificate", "only the device's issuer, or one above it, revokes it")
    return None


def ledger_fault(body: Funding | Refund | Checkpoint | Division | Shift, ledger: bytes, memory: Memory) -> Fault | None:
    """Faults: not_a_party, those of `funding_fault`."""
    if isinstance(body, Funding | Refund):
        return funding_fault(body, ledger, memory)
    if body.ledger != ledger:
        return Fault("not_a_party", "it names another ledger than the one that signed it")
    return None


def funding_fault(body: Funding | Refund, ledger: bytes, memory: Memory) -> Fault | None:
    """Faults: unknown_channel, wrong_ledger, over_capacity."""
    terms = memory.channel(body.channel)
    if terms is None:
        return Fault("unknown_channel", "its channel is not known here yet")
    if terms.ledger is not None and terms.ledger != ledger:
        return Fault("wrong_ledger", "its channel names another ledger")
    if isinstance(body, Funding) and body.amount != terms.capacity:
        return Fault("over_capacity", f"it locks {body.amount} where the capacity is {terms.capacity}")
    return None


def checkpoint_fault(shown: Checkpoint, before: Sequence[LogEnd]) -> Fault | None:
    """Fault: equivocation, beside what other checkpoints of the same ledger say of as many rows of each shard's log."""
    for shard, (end, known) in enumerate(zip(shown.ends(), before, strict=True)):
        other_root = None not in (end.root, known.root) and end.root != known.root
        if end.head != known.head or other_root:
            return Fault(EQUIVOCATION, f"its ledger signed another log of {end.rows} rows{of_shard(shard)}")
    return None


def of_shard(shard: int) -> str:
    """The end of a sentence on a log: whose it is, where a ledger has several."""
    return f" of its shard {shard}" if shard else ""


def network_fault(claimed: bytes, certified: bytes) -> Fault | None:
    """The fault of a message that names another network than its signer is certified for."""
    if claimed != certified:
        return Fault("wrong_network", "it names another network than its signer is certified for")
    return None


def device_fault(signer: Signer) -> Fault | None:
    """Fault: not_a_device."""
    if signer.certificate.may_issue is not None or signer.is_ledger:
        return Fault("not_a_device", "its signer is certified as an issuer or a ledger")
    return None


def turn_fault(message: Message[Body], body: Body, signer: Signer, lines: Lines) -> Fault | None:
    """Why a device's key could not sign this, by the rotations of the device: superseded_key, not_yet_valid,
    equivocation."""
    if isinstance(body, Rotation) or not lines.of(signer.id):
        return None
    if isinstance(body, Reading):
        return lines.reading_fault(signer.id, signer.generation, body.seq, message.digest)
    return lines.superseded(signer.id, signer.generation)


def turn(message: Message[Rotation], signer: Signer, signers: Signers, now: int) -> Fault | None:
    """Follow a device's rotation, or return what is wrong with it. Faults: not_a_party, those of
    `Lines.rotation_fault`, bad_rotation for a key that another device has."""
    body, lines = message.body, signers.lines
    if body.device != signer.id:
        return Fault("not_a_party", "it speaks for another device than the one that signed it")
    fault = lines.rotation_fault(message, signer.certificate.key, signer.generation, now)
    other = lines.device_of(body.key.device_id)
    if fault is None and (signers.known(body.key) is not None or other not in (None, body.device)):
        return Fault("bad_rotation", "its new key is that of another device")
    if fault is None or fault.code == EQUIVOCATION:
        lines.add(message)
    return fault


def funded_party(message: Message[Body], terms: Terms | None, signers: Signers) -> Signer | None:
    """The party of a funded channel that signed, by any key of its line; what certifies it does not matter."""
    if terms is None or not terms.funded:
        return None
    parties = (signers.signer_for(message, device) for device in (terms.payer, terms.payee))
    return next((one for one in parties if one is not None), None)
