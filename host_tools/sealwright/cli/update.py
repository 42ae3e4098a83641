"""`sealwright update`: bring devices to a new firmware, one or ring by ring."""

from pathlib import Path
from typing import Annotated

import typer

from ..bench.updates import FirmwareBundle, HssKey, make, update
from ..bench.updates.checking import check_lock, check_state, check_version
from ..bench.updates.rings import DEFAULT
from ..bench.updates.updating import WAIT_SECONDS
from ..errors import Usage
from ..home import Home
from ..link import Client
from ..targets.build import compile_for
from ..targets.kinds import find_any
from ..wire.keys import PublicKey
from . import rollout
from .commands import command
from .options import DevicesOption, span
from .session import Session


@command(
    "update",
    "Bring devices to a new firmware version.",
    """
    sealwright update --device emulated:solar
    sealwright update --device serial:/dev/ttyACM0 --bundle pico-7.firmware
    sealwright update --all --bundle pico-7.firmware --dry-run      which device is in which ring
    sealwright update --all --bundle pico-7.firmware --rings 1,10%,100% --soak 10m
    sealwright update --group roofs --bundle pico-7.firmware --plan rings.toml --most-failures 2%
    """,
)
def update_device(
    session: Session,
    *,
    device: DevicesOption,
    board: Annotated[
        str | None, typer.Option("--board", metavar="BOARD", help="The board [default: by the device's model].")
    ] = None,
    version: Annotated[
        int | None,
        typer.Option("--version", metavar="N", min=1, help="The new version [default: one above the device's]."),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE", help="Send this bundle instead of this program's own firmware."),
    ] = None,
    wait: Annotated[
        str, typer.Option("--wait", metavar="TIME", help="For a device's decision, and in rings for a silent one.")
    ] = f"{WAIT_SECONDS:g}",
    rings: Annotated[
        str | None, typer.Option("--rings", metavar="1,10%,...", help=f"Who comes when [default: {DEFAULT}].")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE.toml", help="The rings by name, group or share.")
    ] = None,
    soak: Annotated[
        str | None, typer.Option("--soak", metavar="TIME", help="Watch each ring so long, such as 10m, then the next.")
    ] = None,
    most_failures: Annotated[
        str, typer.Option("--most-failures", metavar="N|P%", help="Of a ring; with more it stops.")
    ] = "0",
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, max=64, help="How many devices at a time.")] = 8,
    restart: Annotated[bool, typer.Option("--restart", help="Begin this bundle's rings anew.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the rings; change nothing.")] = False,
) -> int:
    """Compile, sign and send firmware; the device checks it, tries it, and confirms it or goes back to the old one.

    An update that was cut goes on where it ended. Exits 1 if the device rolled it back.

    Several devices, or --rings or --plan, are updated in rings, from one --bundle. A ring is done when each device has
    confirmed the version and, with --soak, still runs it and signs readings. With more failures than --most-failures
    nothing further begins. Which device is in which ring is in HOME/rollouts: run it again, and it goes on where it
    was. Ctrl-C lets what is under way end. Exits 0 when all devices run the version, 1 if some failed or went back, 3
    if some were silent, 130 after Ctrl-C.
    """
    seconds = float(span(wait))
    if bundle is not None and (board is not None or version is not None):
        raise Usage(
            "--bundle takes no other option", remedy="A bundle has its board and version: leave out the others."
        )
    given = rings is not None or plan is not None or soak is not None or restart or dry_run or most_failures != "0"
    if len(device) == 1 and not given:
        _update_one(session, device[0], bundle, (board, version), seconds)
        return 0
    if bundle is None:
        remedy = "Make one with `sealwright firmware pack`, and give it with --bundle."
        raise Usage("rings send one bundle to all devices", remedy=remedy, code="no_bundle")
    if rings is not None and plan is not None:
        raise Usage("--rings and --plan both say who comes when", remedy="Leave one of them out.")
    asked = rollout.Asked(rings, plan, most_failures, soak, seconds, jobs, restart, dry_run)
    return rollout.roll_out(session, device, FirmwareBundle.read(bundle), asked, _home_keys(session))


def _update_one(
    session: Session, device: str, bundle: Path | None, own: tuple[str | None, int | None], wait: float
) -> None:
    if bundle is not None:
        sent = FirmwareBundle.read(bundle)
    else:
        with session.connect(device) as client, session.progress("compiling"):
            sent = _own(session.home, client, *own)
    said = sent.message.body

    def connect() -> Client:
        return session.connect(device)

    with session.resumable(), session.progress(f"version {said.version}", sent.size) as advance:
        done = update(connect, sent, *_home_keys(session), progress=advance, wait=wait)
    session.emit(
        ok=True,
        url=device,
        version=done.version,
        name=said.name,
        slot=done.slot,
        files=len(said.files),
        bytes=sent.size,
        sent=done.sent,
        seconds=round(done.seconds, 1),
    )
    if done.already:
        session.say(f"{device}: it runs version {done.version} already; nothing was sent.")
        return
    session.say(f"{device} runs version {done.version} ({said.name}), confirmed, in slot {done.slot}.")
    went = f"{done.sent:,} of {sent.size:,} bytes sent" if done.sent else f"all {sent.size:,} bytes were there already"
    session.say(f"{went}; {done.seconds:.1f} s in all.")


def _own(home: Home, client: Client, board: str | None, version: int | None) -> FirmwareBundle:
    """This program's own firmware for the device. All that can be refused is refused before it is signed."""
    info = client.info()
    check_state(info)
    kind = find_any(board) if board else find_any(model=info.model)
    above = version or info.raw["version"] + 1
    check_version(info, kind.model, above)
    check_lock(info, HssKey.find(home.folder) is not None, f"{home.folder} has no key for one")
    built = compile_for(kind, arch=info.raw.get("arch"))
    return make(home, built, above, lock=info.raw.get("hss", False))


def _home_keys(session: Session) -> tuple[PublicKey | None, bytes | None]:
    """The home's keys to check a bundle with; none where there is no home, as at a bench that only sends."""
    try:
        home = session.home
    except Usage as error:
        if error.code != "no_home":
            raise
        return None, None
    found = HssKey.find(home.folder)
    return home.key("owner").public, found.public if found else None
