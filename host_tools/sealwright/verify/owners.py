"""What owners say of ownership: transfers, and what operators do by a delegation."""

from ..wire.certificates import Fault
from ..wire.messages import Body, Command, Delegation, Firmware, Message, Transfer
from ..wire.times import utc
from .codes import EQUIVOCATION, OK, first
from .finding import Finding
from .memory import Memory
from .ownership import MOST_TRANSFERS, Step
from .policy import Policy
from .uncertified import judge_order, replay


def step_of(body: Transfer) -> Step:
    """What the transfer does."""
    return Step(body.generation, body.old.xy, body.new.xy)


def judge_transfer(message: Message[Body], body: Transfer, policy: Policy, memory: Memory) -> Finding:
    """Faults: bad_signature, replay, not_the_owner, equivocation."""
    signer, owners, step = body.old.device_id, memory.owners(body.device), step_of(body)
    if message.kid != body.old.kid or not message.signed_by(body.old):
        return Finding(Fault("bad_signature", "the owner that it names did not sign it"), body.device)
    fault, note = replay(message, memory), None
    if fault is None and body.generation > MOST_TRANSFERS:
        fault = Fault("not_the_owner", f"no device changes hands more than {MOST_TRANSFERS} times")
    if fault is None and not owners.reaches(body.generation - 1, body.old.xy):
        before = {one.new for one in owners.steps if one.generation == body.generation - 1}
        after = {one.old for one in owners.steps if one.generation == body.generation + 1}
        broken = (before and body.old.xy not in before) or (after and body.new.xy not in after)
        if owners.granted is not None or broken:
            fault = Fault("not_the_owner", "the grant, and the transfers before it, name another owner")
        elif body.old not in policy.owners and not before:
            note = Fault(OK, "It proves that this key gave the device away, and not that it owned it")
    if fault is None and owners.rival(step):
        fault = Fault(EQUIVOCATION, f"its signer gave the device to another one too, as owner {body.generation}")
    return Finding(fault, body.device, signer, None if fault else note)


def judge_owner(
    message: Message[Body], body: Command | Firmware | Delegation | Transfer, policy: Policy, memory: Memory
) -> Finding:
    """What an owner signs, or an operator in the owner's place."""
    if isinstance(body, Transfer):
        return judge_transfer(message, body, policy, memory)
    if isinstance(body, Command) and body.delegation is not None:
        found = judge_delegated(message, body, memory.delegation(body.delegation), policy)
        return found._replace(fault=found.fault or replay(message, memory))
    return judge_order(message, body, policy, memory)


def judge_delegated(message: Message[Body], body: Command, given: Delegation | None, policy: Policy) -> Finding:
    """A command by an operator. Faults: unknown_signer (its delegation is not known), not_a_party, not_delegated,
    bad_signature, expired."""
    if given is None:
        return Finding(Fault("unknown_signer", "the delegation that it names is not known here"), body.device)
    ends = min(end for end in (given.not_after, body.not_after) if end is not None)
    fault = first(
        None if message.signed_by(given.operator) else Fault("bad_signature", "its operator's key did not sign it"),
        None if given.device == body.device else Fault("not_a_party", "its delegation is for another device"),
        None if body.op in given.ops else Fault("not_delegated", f"its delegation does not name {body.op!r}"),
        None if policy.now() <= ends else Fault("expired", f"it held until {utc(ends)}"),
    )
    return Finding(fault, body.device, given.operator.device_id)
