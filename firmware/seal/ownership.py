"""Who owns the device, and who may command it in the owner's place. Loaded when a command needs it, to spare heap.

A transfer (message 65020) is signed by the old owner and names the new one. The device takes it inside the command
`take`, which the new owner signs: nobody can give it to a key that nobody has. Transfers are numbered from 1, each is
kept in a record of its own, and the owner record, written last, says how many count. Command numbers go on as they are,
and may not leap: the last one to command a device leaves numbers for the next.

A delegation (65021) is signed by the owner and names an operator's key, operations and an end. The operator signs
commands that name the delegation by digest. It ends by its time, by the owner's `undelegate`, and by a transfer.
"""

from . import cose, identity, labels, messages
from .compat import const
from .errors import BadSignature, DelegationEnded, FormerOwner, Malformed, NotAParty, NotDelegated, Refused, Replay
from .policy import CLOCK_UNSET, Limit
from .records import OWNER_GENERATION, OWNER_KEY, OWNER_RECORD, OWNER_UNDELEGATED, TRANSFER_RECORD
from .shapes import confirmation, hash32, key, list_of, text, uint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cose import Message
    from .device import Device
    from .ports import Item, Record, Table

TAKE = "take"
MAX_OWNERS = const(16)  # of one key of the device
# What an operator may be given. The rest is the owner's alone: what cannot be undone (wipe, take, update-key), what
# limits or outlives a delegation (policy, protect, undelegate), what moves the clock that ends it (clock, network), and
# the word that a rollback was looked into (unlock).
DELEGABLE = ("ack", "close", "interval", "offer", "order", "pause", "resume", "stop", "trade")

_TRANSFER: "Table" = {
    labels.OWNED_DEVICE: (True, hash32),
    labels.OWNED_GENERATION: (True, lambda value: uint(value) and value > 0),
    labels.TRANSFER_OLD: (True, key),
    labels.IAT: (True, uint),
    labels.CNF: (True, confirmation),
}
_DELEGATION: "Table" = {
    labels.OWNED_DEVICE: (True, hash32),
    labels.OWNED_GENERATION: (True, uint),
    labels.DELEGATED_OPS: (True, list_of(text)),
    labels.DELEGATED_UNTIL: (True, uint),
    labels.IAT: (True, uint),
    labels.CNF: (True, confirmation),
}

messages.TABLES[labels.TRANSFER], messages.TABLES[labels.DELEGATION] = _TRANSFER, _DELEGATION  # known once needed


def check_signer(device: "Device", message: "Message", delegation: "Item", record: "Record") -> None:
    """Raise unless the command `message` is signed by one who may sign it: a `take` by the new owner, a delegated one
    by its operator. Any other is refused here: its signature is not the owner's. record: the owner record."""
    claims = message.payload
    if delegation is not None or labels.COMMAND_DELEGATION in claims:
        message.verify(_operator(device, message, delegation, record))
    elif claims[labels.COMMAND_OP] == TAKE:
        message.verify(_new_owner(device, claims.get(labels.COMMAND_ARGUMENTS), record))
    elif message.kid in _former(device, record):  # a hint is enough: it is refused in either case
        raise FormerOwner("the device has another owner now")
    else:
        raise BadSignature("the command is not by the owner")


def take(device: "Device", raw: bytes, record: "Record") -> None:
    """Make a transfer that `check_signer` has checked count. The owner record is the commit: a cut before it leaves
    the old owner, and a transfer that the next one replaces."""
    claims = _parse(raw, labels.TRANSFER).payload
    number = claims[labels.OWNED_GENERATION]
    device.journal.put(TRANSFER_RECORD % number, raw)
    owner = identity.public_of(claims[labels.CNF][labels.CNF_KEY])
    record[OWNER_GENERATION], record[OWNER_KEY] = number, owner
    record.pop(OWNER_UNDELEGATED, None)  # delegations are of one ownership
    device.journal.put(OWNER_RECORD, record)
    device.owner_key = owner
    device.standing.forget()


def undelegate(value: "Item", record: "Record") -> "tuple[int, int]":
    """(key, value) for the owner record: delegations signed at unix time `value` and before count no more, for good.
    Raises Malformed."""
    if not uint(value):
        raise Malformed("delegations end at unix seconds")
    return OWNER_UNDELEGATED, max(value, record.get(OWNER_UNDELEGATED, 0))


def _parse(raw: "Item", kind: int) -> "Message":
    """A transfer or a delegation, its form checked and not its signature. Raises Malformed, WrongType."""
    if not isinstance(raw, bytes):
        raise Malformed("a transfer or a delegation is a message")
    return messages.parse(raw, kind)


def _kept(device: "Device", number: int) -> bytes:
    raw: bytes = device.journal.get(TRANSFER_RECORD % number)
    return raw


def _former(device: "Device", record: "Record") -> list[bytes]:
    """The key hints of the owners before this one."""
    found = []
    for number in range(1, record.get(OWNER_GENERATION, 0) + 1):
        old = cose.parse(_kept(device, number), labels.TRANSFER).payload[labels.TRANSFER_OLD]
        found.append(identity.kid(identity.device_id(identity.public_of(old))))
    return found


def _new_owner(device: "Device", raw: "Item", record: "Record") -> bytes:
    """The key (64 bytes) that a transfer gives this device to. Raises NotAParty, Replay, Refused, BadSignature."""
    message = _parse(raw, labels.TRANSFER)
    claims = message.payload
    if claims[labels.OWNED_DEVICE] != device.device_id:
        raise NotAParty("the transfer is of another device")
    number = record.get(OWNER_GENERATION, 0) + 1
    if claims[labels.OWNED_GENERATION] != number:
        raise Replay("transfer %d comes after %d" % (claims[labels.OWNED_GENERATION], number - 1))
    if number >= MAX_OWNERS:
        raise Refused("the device has had %d owners: wipe it, and provision it anew" % MAX_OWNERS)
    if identity.public_of(claims[labels.TRANSFER_OLD]) != device.owner_key:
        raise BadSignature("the transfer is by another key than the owner's")
    message.verify(device.owner_key)
    return identity.public_of(claims[labels.CNF][labels.CNF_KEY])


def _operator(device: "Device", message: "Message", raw: "Item", record: "Record") -> bytes:
    """The key (64 bytes) of the operator who may give this command. Raises NotDelegated, DelegationEnded, NotAParty,
    Limit on a device whose clock is not set, BadSignature."""
    delegation = _parse(raw, labels.DELEGATION)
    given, op = delegation.payload, message.payload[labels.COMMAND_OP]
    if message.payload.get(labels.COMMAND_DELEGATION) != delegation.digest:
        raise NotDelegated("the command names another delegation, or none")
    if given[labels.OWNED_DEVICE] != device.device_id:
        raise NotAParty("the delegation is for another device")
    if op not in DELEGABLE or op not in given[labels.DELEGATED_OPS]:
        raise NotDelegated("%s is not delegated" % op)
    if given[labels.OWNED_GENERATION] != record.get(OWNER_GENERATION, 0):
        raise DelegationEnded("the delegation is by another owner than today's")
    if given[labels.IAT] <= record.get(OWNER_UNDELEGATED, -1):
        raise DelegationEnded("the owner has ended the delegation")
    now = device.now()
    if now is None:
        raise Limit(CLOCK_UNSET, "a delegation ends at a time and the clock is not set")
    # a clock that a network's time has moved back gives nobody more time
    if max(now, device.days.now(), device.timekeeper.trusted() or 0) > given[labels.DELEGATED_UNTIL]:
        raise DelegationEnded("the delegation was good until %d" % given[labels.DELEGATED_UNTIL])
    delegation.verify(device.owner_key)
    return identity.public_of(given[labels.CNF][labels.CNF_KEY])
