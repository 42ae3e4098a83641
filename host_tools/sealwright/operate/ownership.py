"""Ownership: give a device to another owner, take one over, and let an operator command it.

The old owner signs the new one in (a transfer), and the new one signs the command that carries it to the device: until
then nothing has changed. A transfer travels as a file: a bundle of the device's grant, the transfers before, and this.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ..errors import RefusedByDevice, Rejected, Usage
from ..home import DONE, Home, Registered
from ..link import Client
from ..wire.keys import PublicKey
from ..wire.messages import Body, Delegation, Message, Status, Transfer, parse_as, parse_message, sign_message
from . import owner
from .pinning import lasting, prove, wrong_device

DELEGABLE: Final = ("ack", "close", "interval", "offer", "order", "pause", "resume", "stop", "trade")


def generation(status: Message[Status]) -> int:
    """How often the device has been given to another owner."""
    return 0 if status.body.owned is None else status.body.owned.generation


def transfer(home: Home, client: Client, new: PublicKey) -> list[bytes]:
    """Sign `new` in as the next owner of the device behind `client`; returns the file's messages. Nothing changes
    before the new owner accepts. Raises RefusedByDevice (code not_the_owner) where this home is not its owner."""
    status = prove(home, client)
    _own(home, client)
    old = home.key("owner")
    body = Transfer(status.body.device, generation(status) + 1, old.public, new, home.now())
    granted = home.grant(status.body.device)
    return [*([] if granted is None else [granted]), *client.transfers(), sign_message(old, body).raw]


def accept(
    home: Home, client: Client, messages: Iterable[bytes], name: str | None, url: str | None = None
) -> Registered:
    """Take the device behind `client` over, by the messages of a transfer's file. What an earlier call began is
    finished. name: what to call it; None where the register has it. url: where this home reaches it; None: as `client`.

    Raises Usage for a file without a transfer to this home's owner, and for a name that cannot be its;
    RefusedByDevice for a device that is another one, or has other owners than the file says.
    """
    found = [parse_message(raw) for raw in messages]
    mine = _mine(home, found)
    device, status = mine.body.device, client.status()
    if status.body.device != device or client.device not in (None, device):
        raise wrong_device(home, replace_device(client, device), status.body.device)
    known = home.find(device)
    name = _name(home, device, name)
    if status.body.owned != (mine.body.generation, mine.body.new.device_id):
        seq = max(status.body.command_seq, known.commands if known is not None else 0) + 1
        order = owner.sign(home, device, seq, "take", mine.raw, **owner.end(home, status))
        client.command(order.raw)
    grant = next((one.raw for one in found if one.type == "grant"), None)
    if home.grant(device) is None and grant is not None:
        home.keep_grant(device, grant)
    home.drop_delegations(device)
    home.keep_transfers(device, client.transfers())
    return enter(home, client, client.status(), name, url)


def _name(home: Home, device: bytes, name: str | None) -> str:
    known = home.find(device)
    if name is None and known is None:
        raise Usage("the register never had this device", remedy="Say what to call it, with --name.", code="no_name")
    return home.check_name(known.name if name is None and known is not None else name or "", device)


def replace_device(client: Client, device: bytes) -> Client:
    """The client, for an error that says which device was meant."""
    client.device = device
    return client


def _mine(home: Home, found: Sequence[Message[Body]]) -> Message[Transfer]:
    key = home.key("owner").public
    given = [Message(one.sign1, one.body) for one in found if isinstance(one.body, Transfer)]
    mine = [one for one in given if one.body.new == key and one.signed_by(one.body.old)]
    if not mine:
        whom = f", but to {given[-1].body.new.did}" if given else ""
        remedy = "Its owner is to transfer it to what `sealwright owner key` prints here."
        raise Usage(f"the file gives no device to this home's owner{whom}", remedy=remedy, code="no_transfer")
    return max(mine, key=lambda one: one.body.generation)


def enter(home: Home, client: Client, status: Message[Status], name: str, url: str | None = None) -> Registered:
    """Put a device that another home provisioned into the register. url: as of `accept`."""
    device, leaf = status.body.device, client.chain()[0]
    known = home.find(device)
    entry = Registered(
        name=name,
        device=device.hex(),
        url=lasting(home, url or client.url),
        model=leaf.body.model or "",
        custody=leaf.body.custody,
        state=DONE,
        certificate=leaf.digest.hex(),
        registered_at=home.now(),
    )
    if known is not None:
        entry = replace(known, name=name, state=DONE, certificate=entry.certificate, url=entry.url)
    entry = replace(entry, commands=max(entry.commands, status.body.command_seq))
    home.register(entry)
    return entry


def history(home: Home, client: Client) -> list[Transfer]:
    """The transfers that the device behind `client` shows, checked: each is signed by the owner before, and the last
    names the one that the device obeys. Raises Rejected where they do not hold, and as `prove` does."""
    status = prove(home, client)
    found = [parse_as(raw, Transfer) for raw in client.transfers()]
    key: PublicKey | None = None
    for number, one in enumerate(found, 1):
        if not one.signed_by(one.body.old) or one.body.generation != number or key not in (None, one.body.old):
            raise Rejected(f"transfer {number} that the device shows does not hold", remedy="Do not rely on it.")
        key = one.body.new
    if status.body.owned != (None if key is None else (len(found), key.device_id)):
        raise Rejected("the device obeys another owner than its transfers name", remedy="Do not rely on it.")
    return [one.body for one in found]


def delegate(
    home: Home, client: Client, operator: PublicKey, ops: Sequence[str], not_after: int
) -> Message[Delegation]:
    """Let `operator` order `ops` of the device behind `client` until `not_after`; kept in the home, too.

    Raises Usage for operations that are the owner's alone, or an end that has passed.
    """
    wrong = [op for op in ops if op not in DELEGABLE]
    if wrong or not ops:
        what = f"{', '.join(map(repr, wrong))} cannot be delegated" if wrong else "no operation is named"
        raise Usage(what, remedy=f"Name some of {', '.join(DELEGABLE)}.", code="not_delegable")
    if not_after <= home.now():
        raise Usage("the delegation would have ended already", remedy="Give --until a later time.")
    status = prove(home, client)
    _own(home, client)
    ordered = tuple(sorted(set(ops)))
    body = Delegation(status.body.device, generation(status), ordered, not_after, home.now(), operator)
    message = sign_message(home.key("owner"), body)
    home.keep_delegation(message)
    return message


def hold(home: Home, client: Client, message: Message[Delegation], name: str | None) -> Registered:
    """Keep a delegation that was given to this home's owner, and register its device. Raises Usage for one to another
    key, RefusedByDevice for another device."""
    if message.body.operator != home.key("owner").public:
        remedy = "Its owner is to delegate to what `sealwright owner key` prints here."
        raise Usage("the delegation is for another key than this home's", remedy=remedy, code="not_delegated")
    status = client.status()
    if status.body.device != message.body.device:
        raise wrong_device(home, replace_device(client, message.body.device), status.body.device)
    entry = enter(home, client, status, _name(home, message.body.device, name))
    home.keep_delegation(message)
    return entry


def undelegate(home: Home, client: Client) -> int:
    """End every delegation for the device behind `client`, of this second and before; returns how many were kept."""
    device = prove(home, client).body.device
    given = [one for one in home.delegations() if one.body.device == device]
    owner.command(home, client, "undelegate", max([home.now(), *(one.body.signed_at for one in given)]))
    home.drop_delegations(device)
    return len(given)


def _own(home: Home, client: Client) -> None:
    said = client.info().raw.get("owner")
    if said is None:
        remedy = "Update its firmware: `sealwright update`."
        raise RefusedByDevice("its firmware knows one owner only", remedy=remedy, code="unsupported")
    if said != home.key("owner").public.device_id:
        remedy = "Its owner's home alone signs this."
        raise RefusedByDevice("this home's owner is not the device's", remedy=remedy, code="not_the_owner")
