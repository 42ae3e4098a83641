"""`sealwright deploy`: put firmware on a board that runs MicroPython."""

from typing import Annotated

import typer

from .. import targets as boards
from ..bench.deploying import HELLO_SECONDS, Installed, hello, install
from ..link import Info
from ..link.transport import open_url
from .commands import command
from .options import BoardOption, NamedDevice
from .session import Session


@command(
    "deploy",
    "Put firmware on a board.",
    """
    sealwright deploy --board pico --device serial:/dev/ttyACM0
    sealwright deploy --board esp32_s3 --device serial:/dev/ttyUSB0 --dry-run
    """,
)
def deploy(
    session: Session,
    board: BoardOption,
    device: NamedDevice,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be copied, and change nothing.")] = False,
    wait: Annotated[
        float,
        typer.Option(
            "--wait",
            metavar="SECONDS",
            min=1,
            help="How long to wait for the device's hello; longer for emulated boards.",
        ),
    ] = HELLO_SECONDS,
) -> None:
    """Compile the firmware for a board, copy what differs, reset the board and wait for the device's hello.

    The board runs what it ran until all is copied and checked: pull the cable, and do it again. A provisioned board is
    left alone, its console is closed: `sealwright update` renews its firmware.
    """
    kind = boards.find(board)
    url, patience = session.wire(device)
    open_url(url).close()  # compiling takes a while: a fault of the port is reported before that
    with session.progress("compiling"):
        built = boards.compile_for(kind)
    with session.resumable(), session.progress("deploying", built.size) as advance:
        done = install(url, built, advance, dry_run=dry_run, patience=patience)
    if dry_run:
        _tell(session, device, built, done, None)
        return
    with session.progress("waiting for its hello"):
        said = hello(url, wait * patience)
    _tell(session, device, built, done, said)


def _tell(session: Session, device: str, built: boards.Build, done: Installed, said: Info | None) -> None:
    plan, found = done.plan, done.found
    session.emit(
        ok=True,
        board=built.board.name,
        url=device,
        version=built.version,
        dry_run=said is None,
        machine=found.machine,
        micropython=found.release,
        slot=plan.slot,
        sent=sorted(plan.put),
        sent_bytes=plan.wire_bytes,
        copied=sorted(plan.copy),
        removed=plan.remove,
        unchanged=plan.unchanged,
        state=None if said is None else said.state,
        firmware=None if said is None else said.firmware,
    )
    would = "would be " if said is None else ""
    session.facts([("board", f"{found.machine}, MicroPython {found.release}"), ("firmware", built.version)])
    if plan.nothing:
        session.say(f"Nothing to do: slot {plan.slot} holds this firmware.")
    else:
        counts = f"{len(plan.put)} files ({plan.wire_bytes:,} bytes) {would}sent"
        counts += f", {len(plan.copy)} {would}copied on the board, {plan.unchanged} there already"
        session.say(f"Slot {plan.slot}: {counts}.")
    if said is not None:
        session.say(f"The device says hello: it is {said.state}.", "green")
        if said.state == "blank":
            session.say(f"Next: sealwright provision --device {device} --name NAME")
