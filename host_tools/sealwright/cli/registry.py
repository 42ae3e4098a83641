"""`sealwright devices rename|forget|adopt|group`: the register, changed by hand."""

from dataclasses import replace
from typing import Annotated, Final

import typer

from ..errors import AmbiguousDevice
from ..home import RETIRED, Registered
from ..home.names import name_key, tidy_name
from ..operate import adopting
from .commands import Command, command
from .holdings import confirm, holdings
from .naming import complete
from .session import Session

DeviceArgument = Annotated[
    str,
    typer.Argument(
        metavar="DEVICE", help="Its name, the beginning of its id, its did:key or URL.", autocompletion=complete
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@command("rename", "Call a device by another name.", "sealwright devices rename shed barn")
def rename(
    session: Session,
    device: DeviceArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it from now on.")],
) -> None:
    """Call a device by another name. Nothing is sent to it, and its URLs and money stay as they are."""
    before = session.home.resolve(device)
    after = adopting.rename(session.home, before, name)
    session.emit(ok=True, device=after.device, name=after.name, before=before.name)
    session.say(f"{before.name} ({after.device[:16]}) is called {after.name} now.")


@command(
    "forget",
    "Free the name of a device that is no more.",
    """
    sealwright devices forget shed
    sealwright devices forget b251cc07 --yes
    """,
)
def forget(session: Session, device: DeviceArgument, yes: YesOption = False) -> None:
    """Take a device out of use: its name and its URLs are free for another one, and no text but its id means it.

    Its money stays in the ledger: `ledger withdraw` with 8 digits of its id pays it out. The device itself keeps its
    key, and `devices adopt` brings it back.
    """
    entry = session.home.resolve(device)
    found = holdings(session, bytes.fromhex(entry.device))
    what = f"{entry.name} ({entry.device[:16]}) would be forgotten: {found}"
    confirm(session, what, "Collect and settle first what it is still to be paid.", yes)
    session.home.retire(entry)
    session.emit(ok=True, name=entry.name, device=entry.device, state=RETIRED, balances=found.as_dict())
    session.say(f"{entry.name} ({entry.device[:16]}) is retired; its name is free; {found}.")
    for way in found.ways_out(entry.device):
        session.say(way)


@command(
    "adopt",
    "Bring back a device that this home certified.",
    """
    sealwright devices adopt shed
    sealwright devices adopt serial:/dev/ttyACM0
    sealwright devices adopt tcp:192.0.2.7:4242 --name shed
    """,
)
def adopt(
    session: Session,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Its URL; or the name or id it had, where it was.")],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What to call it [default: as before].")
    ] = None,
) -> None:
    """Put a provisioned device into the register again, with the key and certificate that it has.

    It must prove its key, and one of this home's keys must have signed its certificate.
    """
    gone = session.home.retired(device)
    if len(gone) > 1:
        names = [f"{one.name} ({one.device[:16]})" for one in gone]
        remedy = "Name the one you mean by the beginning of its id."
        raise AmbiguousDevice(f"{device!r} may be {' or '.join(names)}", remedy=remedy, candidates=names)
    with session.connect(gone[0].where if gone else device) as client:
        client.device = bytes.fromhex(gone[0].device) if gone else client.device
        entry = adopting.adopt(session.home, client, name)
    granted = session.home.grant(bytes.fromhex(entry.device)) is not None
    session.emit(ok=True, name=entry.name, device=entry.device, url=entry.url, granted=granted)
    session.say(f"{entry.name} ({entry.device[:16]}) is in the register again.")
    if not granted:
        session.note(f"This home has no grant of it: `sealwright renew {entry.name}` makes one; a withdrawal needs it.")


@command(
    "group",
    "Show groups, or put devices into one.",
    """
    sealwright devices group
    sealwright devices group sellers roof barn
    sealwright devices group sellers barn --remove
    """,
)
def group(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="GROUP", help="The group.")] = None,
    device: Annotated[list[str] | None, typer.Argument(metavar="DEVICE...", help="Devices to put into it.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the devices out; without devices, all.")] = False,
) -> None:
    """Show which groups there are, or put devices into one, or take them out.

    `--group GROUP` of `collect` and `watch` means the devices of a group.
    """
    home = session.home
    if name is None or (not device and not remove):
        _show(session, home.active() if name is None else home.group(name))
        return
    chosen = [home.resolve(text) for text in dict.fromkeys(device or ())] or home.group(name)
    kept = _spelling(home.active(), name) or tidy_name(name)
    for entry in chosen:
        others = [one for one in entry.groups if name_key(one) != name_key(kept)]
        home.register(replace(entry, groups=others if remove else [*others, kept]))
        session.emit(ok=True, group=kept, device=entry.device, name=entry.name, member=not remove)
    names = ", ".join(entry.name for entry in chosen)
    session.say(f"{names} {'left' if remove else 'joined'} the group {kept}.")


def _spelling(entries: list[Registered], name: str) -> str | None:
    """The group's name as it was first written."""
    return next((one for entry in entries for one in entry.groups if name_key(one) == name_key(name)), None)


def _show(session: Session, entries: list[Registered]) -> None:
    rows = sorted((one, entry.name, entry.device) for entry in entries for one in entry.groups)
    for one, name, device in rows:
        session.emit(group=one, name=name, device=device)
    if rows:
        session.table(("group", "device", "id"), [(one, name, device[:16]) for one, name, device in rows])
    else:
        session.say("No groups: `sealwright devices group GROUP DEVICE...` makes one.")


COMMANDS: Final[tuple[Command, ...]] = (rename, forget, adopt, group)
