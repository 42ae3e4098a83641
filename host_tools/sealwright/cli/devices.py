"""`sealwright devices`: what is connected, emulated and registered; `registry` changes that."""

from dataclasses import asdict
from typing import Annotated, Any, Final

import typer
from serial.tools import list_ports

from .. import emulator
from ..home import Home, Registered, locate
from ..wire.labels import ELEMENT
from . import key_history
from .chosen import EndsOption, GroupOption, Heard, SortOption, StaleOption, ago, choose, ending, heard
from .commands import Group, command
from .registry import COMMANDS
from .session import Session
from .words import clock, custody


@command(
    "devices",
    "List what is connected, emulated and registered.",
    """
    sealwright devices
    sealwright devices --all --json
    sealwright devices --verbose
    sealwright devices --stale 1h --sort heard
    sealwright devices --group roofs --sort custody --json
    sealwright devices --ends-within 30d     whose certificates end soon
    sealwright devices rename shed barn
    """,
)
def devices(
    session: Session,
    *,
    every: Annotated[bool, typer.Option("--all", help="Show those too that are retired: wiped or forgotten.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the rotations of their keys too.")] = False,
    stale: StaleOption = None,
    sort: SortOption = None,
    group: GroupOption = None,
    ends_within: EndsOption = None,
) -> None:
    """List serial ports, the emulated boards of the home and the devices in its register; or change the register.

    With --stale, --sort, --group or --ends-within the register alone. A device was heard when the newest of its
    readings that this home remembers came in.
    """
    only_register = stale is not None or sort is not None or bool(group) or ends_within is not None
    if not only_register:
        _ports(session)
    if not (locate(session.folder) / "home.json").exists():
        session.say()
        session.say(f"No home at {locate(session.folder)}: `sealwright init` makes one.")
        return
    if not only_register:
        _boards(session, session.home)
    entries = list(session.home.registered()) if every else session.home.active()
    times = heard(session, entries)
    entries = choose(entries, times, stale=stale, groups=group or (), order=sort)
    ends = None if ends_within is None else ending(session, entries, ends_within)
    if ends is not None:
        known = {one.device: one for one in entries}
        entries = [one for one in entries if one.device in ends] if sort else [known[device] for device in ends]
    _register(session, entries, times, ends, is_part=only_register)
    if verbose:
        _keys(session, entries)


def _ports(session: Session) -> None:
    ports = sorted(list_ports.comports(), key=lambda port: port.device)
    for port in ports:
        session.emit(kind="serial", url=f"serial:{port.device}", description=port.description or "")
    if ports:
        rows = [(f"serial:{port.device}", port.description or "") for port in ports]
        session.table(("URL", "description"), rows, "Serial ports")
    else:
        session.say("No serial ports.")


def _boards(session: Session, home: Home) -> None:
    rows = []
    for board in emulator.boards(home):
        hardware, pid = board.hardware, board.pid
        state = "stopped" if pid is None else "running"
        urls = {"tcp": board.url, "serial": board.serial_url} if pid is not None else {}
        session.emit(
            kind="emulated", url=f"emulated:{board.name}", name=board.name, board=hardware["board"], state=state, **urls
        )
        rows.append((f"emulated:{board.name}", hardware["board"], state, board.url if pid is not None else ""))
    session.say()
    if rows:
        session.table(("URL", "board", "state", "also at"), rows, "Emulated boards")
    else:
        session.say("No emulated boards: `sealwright emulate unix` makes one.")


def _register(
    session: Session, entries: list[Registered], times: Heard, ends: dict[str, int] | None, *, is_part: bool
) -> None:
    for entry in entries:
        history: dict[str, Any] = (
            {"key_history": key_history.as_json(key_history.kept(entry))} if entry.rotations else {}
        )
        if ends is not None:
            history["ends"] = ends[entry.device]
        session.emit(kind="registered", **asdict(entry), heard=times[entry.device], **history)
    if not is_part:
        session.say()
    if not entries and is_part:
        session.say("None.")
        return
    if not entries:
        session.say("No device is registered: `sealwright provision --device URL --name NAME` does it.")
        return
    names = session.home.names()
    rows = [
        [names[bytes.fromhex(one.device)], one.device[:16], one.model, _kept(one), one.state,
         clock(one.registered_at)[:10], ago(times[one.device]), one.where, ", ".join(one.groups)]
        for one in entries
    ]  # fmt: skip
    columns = ["name", "device id", "model", "custody", "state", "since", "heard", "last URL", "groups"]
    if ends is not None:
        columns.append("certificate ends")
        rows = [[*row, clock(ends[one.device])] for row, one in zip(rows, entries, strict=True)]
    session.table(columns, rows, "Registered devices")


def _keys(session: Session, entries: list[Registered]) -> None:
    """The rotations that this home has seen."""
    turned = [(one.label, what) for one in entries for _, what in key_history.facts(key_history.kept(one))]
    session.say()
    if turned:
        session.table(("name", "rotation"), turned, "Rotated keys")
    else:
        session.say("No device has rotated its key, as far as this home has seen.")


def _kept(one: Registered) -> str:
    """Its custody, and the chip on whose word that was certified."""
    if one.custody == ELEMENT and one.rotations:
        return f"{custody(one.custody)} until its key was rotated: now 0"
    return custody(one.custody) + (f", {one.chip}" if one.chip else "")


GROUP: Final = Group("devices", devices, COMMANDS)
