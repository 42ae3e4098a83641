"""`sealwright owner key`, `transfer`, `accept`, `delegate`, `keep`, ...: who owns a device, and who commands it."""

import shlex
from pathlib import Path
from typing import Annotated, Final

import typer

from ..errors import BadKey, Usage
from ..files import write_output
from ..home import Home
from ..money import Assets
from ..operate import ownership
from ..operate.pinning import elsewhere
from ..wire.keys import PublicKey
from ..wire.messages import Delegation, Message, Transfer, parse_as, parse_message
from .commands import Command, command
from .holdings import confirm
from .money import undeclared
from .options import DeviceOption, NamedDevice, moment, owner_key, whole_bundle
from .session import Session
from .words import clock, number

_TO: Final = typer.Option("--to", metavar="KEY", help="What `sealwright owner key` prints there, or a PEM file of it.")
ToOption = Annotated[str, _TO]
NameOption = Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call the device here.")]
FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="What the device's owner wrote.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="The file to write [default: named for the device].")
]


@command("key", "Print the owner's public key.", "sealwright owner key")
def key(session: Session) -> None:
    """Print the public key of this home's owner. Those who give it a device, or let it command one, ask for it."""
    public = session.home.key("owner").public
    session.emit(ok=True, key=public.did, id=public.device_id.hex())
    session.say(public.did)


@command(
    "transfer",
    "Give a device to another owner.",
    """
    sealwright owner transfer car --to did:key:zDna... --out car.transfer
    sealwright owner transfer car --to-home ~/other-home
    """,
)
def transfer(
    session: Session,
    device: NamedDevice,
    to: Annotated[str | None, _TO] = None,
    *,
    to_home: Annotated[
        Path | None, typer.Option("--to-home", metavar="DIR", help="A home on this machine, which accepts it at once.")
    ] = None,
    out: OutOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Sign another owner in. The device changes hands when that one accepts the file, with `sealwright owner accept`.

    From then on this home commands it no more, nor withdraws its money; delegations end. Its policy, order, offer and
    broker stay until the new owner changes them. To take back a file that nobody has accepted, transfer the device to
    your own key.
    """
    if (to is None) == (to_home is None):
        raise Usage("to whom?", remedy="Give either --to KEY or --to-home DIR.")
    other = None if to_home is None else Home.open(to_home)
    new = _key(to or "") if other is None else other.key("owner").public
    what = f"a transfer of {device} cannot be taken back once {new.did} has accepted it"
    confirm(session, what, "Collect and withdraw first what is yours.", yes)
    with session.connect(device) as client:
        messages = ownership.transfer(session.home, client, new)
        if other is not None:
            name = session.home.resolve(device).name
            entry = ownership.accept(other, client, messages, name, elsewhere(session.home, client.url))
            session.home.keep_transfers(bytes.fromhex(entry.device), client.transfers())
            session.emit(ok=True, device=entry.device, to=new.did, accepted=True, url=entry.url)
            session.say(f"{name} is owned by the home {to_home} now, which reaches it at {entry.url}.")
            unknown = undeclared(client.info().raw, Assets.read(other.folder))
            if unknown:
                session.note(_declare(unknown, f" --home {to_home}"))
            return
    path = out or Path(f"{_stem(device)}.transfer")
    write_output(path, b"".join(messages))
    session.emit(ok=True, device=parse_message(messages[-1]).body.device.hex(), to=new.did, file=str(path))  # type: ignore[union-attr]
    session.say(f"Send {path} to its new owner, who runs `sealwright owner accept {path} --device URL --name NAME`.")
    session.say(f"Settle it where its money is: `sealwright settle {path}`.")


@command(
    "accept",
    "Take over a device that was given.",
    """
    sealwright owner accept car.transfer --device tcp:192.0.2.7:4242 --name car
    """,
)
def accept(session: Session, file: FileArgument, device: DeviceOption, name: NameOption = None) -> None:
    """Take over a device that its owner transferred to this home's owner. Run it again if it was interrupted."""
    messages = list(whole_bundle(file))
    with session.connect(device) as client:
        entry = ownership.accept(session.home, client, messages, name)
        said = client.info().raw
    unknown = undeclared(said, Assets.read(session.home.folder))
    session.emit(ok=True, device=entry.device, name=entry.name, transfers=said["transfers"], undeclared=unknown)
    session.say(f"{entry.name} is this home's now; it has changed hands {number(said['transfers'], 'time')}.")
    session.say(f"What its last owner set still holds: see `sealwright info {entry.name}`.")
    if unknown:
        session.note(_declare(unknown))
    if said.get("hss"):
        session.note("Its updates are locked by the last owner's update.hss: without that only a wipe unlocks them.")


@command("history", "List a device's owners.", "sealwright owner history car")
def history(session: Session, device: DeviceOption) -> None:
    """List the transfers that a device shows, checked: each signed by the owner before."""
    with session.connect(device) as client:
        found = ownership.history(session.home, client)
    own = session.home.key("owner").public

    def who(one: PublicKey) -> str:
        return "this home" if one == own else one.did

    def row(one: Transfer) -> tuple[str, ...]:
        return str(one.generation), who(one.old), who(one.new), clock(one.signed_at)

    def values(one: Transfer) -> dict[str, object]:
        return {"generation": one.generation, "from": one.old.did, "to": one.new.did, "signed_at": one.signed_at}

    if not session.listing(("", "from", "to", "signed"), found, row, values):
        session.say(f"{device} has had one owner since it was provisioned.")


@command(
    "delegate",
    "Let an operator command a device.",
    """
    sealwright owner delegate car --to did:key:zDna... --ops pause,resume --until 2026-12-31
    """,
)
def delegate(
    session: Session,
    device: DeviceOption,
    to: ToOption,
    *,
    ops: Annotated[str, typer.Option("--ops", metavar="A,B", help=f"Of {', '.join(ownership.DELEGABLE)}.")],
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="When it ends, such as 2026-12-31.")],
    out: OutOption = None,
) -> None:
    """Let an operator who is not the owner order some operations of a device until a time.

    The operator runs `sealwright owner keep FILE`, and then commands the device as its owner does.
    """
    named = [op.strip() for op in ops.split(",") if op.strip()]
    with session.connect(device) as client:
        message = ownership.delegate(session.home, client, _key(to), named, moment(until))
    path = out or Path(f"{_stem(device)}.delegation")
    write_output(path, message.raw)
    session.emit(**_as_json(message), file=str(path))
    session.say(f"Send {path} to the operator, who runs `sealwright owner keep {path} --device URL --name NAME`.")


@command(
    "keep",
    "Keep a delegation given to you.",
    """
    sealwright owner keep car.delegation --device tcp:192.0.2.7:4242 --name car
    """,
)
def keep(session: Session, file: FileArgument, device: DeviceOption, name: NameOption = None) -> None:
    """Keep a delegation that a device's owner gave to this home: commands that it names go by it from now on."""
    message = parse_as(next(whole_bundle(file)), Delegation)
    with session.connect(device) as client:
        entry = ownership.hold(session.home, client, message, name)
    session.emit(**_as_json(message), name=entry.name)
    session.say(
        f"This home may order {', '.join(message.body.ops)} of {entry.name} until {clock(message.body.not_after)}."
    )


@command("undelegate", "End a device's delegations.", "sealwright owner undelegate car")
def undelegate(session: Session, device: DeviceOption) -> None:
    """End every delegation for a device, of every operator. Delegate anew what is to go on."""
    with session.connect(device) as client:
        count = ownership.undelegate(session.home, client)
    session.emit(ok=True, device=device, ended=count)
    session.say(f"No operator commands {device} any more.")


@command("delegations", "List delegations, given and taken.", "sealwright owner delegations")
def delegations(session: Session) -> None:
    """List the delegations that this home gave, and those that it was given."""
    names, own = session.names(), session.home.key("owner").public

    def row(one: Message[Delegation]) -> tuple[str, ...]:
        whose = "this home" if one.body.operator == own else one.body.operator.did
        name = names.get(one.body.device, one.body.device.hex()[:16])
        return name, whose, ", ".join(one.body.ops), clock(one.body.not_after)

    found = session.home.delegations()
    session.listing(("device", "operator", "operations", "until"), found, row, _as_json)


def _as_json(message: Message[Delegation]) -> dict[str, object]:
    body = message.body
    shown: dict[str, object] = {"ok": True, "device": body.device.hex(), "operator": body.operator.did}
    return {**shown, "ops": list(body.ops), "until": body.not_after, "digest": message.digest.hex()}


def _declare(assets: list[str], home: str = "") -> str:
    """What to say of assets that a device came with and that its new owner's home has not declared."""
    add = ", ".join(f"`sealwright asset add {shlex.quote(one)}{home}`" for one in assets)
    return (
        f"Its policy and offer count in {', '.join(assets)}, which its new owner's home has not declared: {add}, with "
        "the --unit and --scale that `sealwright asset list` shows at its last owner's."
    )


def _key(text: str) -> PublicKey:
    """A public key from did:key text, or from a PEM file. Raises Usage."""
    if not text.startswith("did:key:"):
        return owner_key(Path(text))
    try:
        return PublicKey.from_did(text)
    except BadKey as error:
        remedy = "Copy what `sealwright owner key` prints there, whole."
        raise Usage(f"{text} is no key: {error}", remedy=remedy, code="bad_key") from error


def _stem(device: str) -> str:
    """A file's name for a device, from what it was called on the command line."""
    return "".join(one if one.isalnum() or one in "-_" else "-" for one in device.rpartition("emulated:")[2])


OWNERSHIP: Final[tuple[Command, ...]] = (key, transfer, accept, history, delegate, undelegate, delegations, keep)
