"""`sealwright devices`: what is connected, emulated and registered."""

from dataclasses import asdict
from typing import Annotated

import typer
from serial.tools import list_ports

from .. import emulator
from ..errors import Usage
from ..home import DONE, PENDING, RETIRED, Home, Registered, locate
from .commands import command
from .session import Session
from .words import clock, custody


@command(
    "devices",
    "List what is connected, emulated and registered.",
    """
    sealwright devices
    sealwright devices --json
    sealwright devices --forget old-station
    """,
)
def devices(
    session: Session,
    forget: Annotated[
        str | None,
        typer.Option("--forget", metavar="NAME", help="Free the name of a registered device that is no more."),
    ] = None,
) -> None:
    """List serial ports, the emulated boards of the home and the devices in its register."""
    if forget is not None:
        _forget(session, forget)
        return
    _ports(session)
    if not (locate(session.folder) / "home.json").exists():
        session.say()
        session.say(f"No home at {locate(session.folder)}: `sealwright init` makes one.")
        return
    _boards(session, session.home)
    _register(session, list(session.home.registered()))


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


def _register(session: Session, entries: list[Registered]) -> None:
    for entry in entries:
        session.emit(kind="registered", **asdict(entry))
    session.say()
    if not entries:
        session.say("No device is registered: `sealwright provision --device URL --name NAME` does it.")
        return
    rows = [
        (one.name, one.device[:16], one.model, custody(one.custody), one.state, clock(one.registered_at)[:10], one.url)
        for one in entries
    ]
    session.table(("name", "device id", "model", "custody", "state", "since", "last URL"), rows, "Registered devices")


def _forget(session: Session, name: str) -> None:
    found = [entry for entry in session.home.registered() if entry.name == name and entry.state in (PENDING, DONE)]
    if not found:
        remedy = "`sealwright devices` lists the names."
        raise Usage(f"no device is called {name!r}", remedy=remedy, code="unknown_device")
    for entry in found:
        session.home.retire(entry)
        session.emit(ok=True, name=name, device=entry.device, state=RETIRED)
        session.say(f"{name} ({entry.device[:16]}) is retired; its name is free.")
