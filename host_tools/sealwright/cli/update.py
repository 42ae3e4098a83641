"""`sealwright update`: bring a device to a new firmware; `sealwright firmware`: bundles, and the key for them."""

from pathlib import Path
from typing import Annotated, Final

import typer

from ..bench.updates import FirmwareBundle, HssKey, make, update
from ..bench.updates.checking import check_lock, check_state, check_version
from ..bench.updates.updating import WAIT_SECONDS
from ..errors import Usage
from ..home import Home
from ..link import Client
from ..targets.build import compile_for
from ..targets.kinds import find_any
from ..wire.keys import PublicKey
from .commands import Command, command
from .options import DeviceOption, octets, owner_key
from .session import Session

BoardOption = Annotated[str, typer.Option("--board", metavar="BOARD", help="The board, by its folder's name.")]
VersionOption = Annotated[int, typer.Option("--version", metavar="N", min=1, help="A number above the last one.")]


@command(
    "update",
    "Bring a device to a new firmware version.",
    """
    sealwright update --device emulated:solar
    sealwright update --device serial:/dev/ttyACM0 --bundle pico-7.firmware
    """,
)
def update_device(
    session: Session,
    *,
    device: DeviceOption,
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
        float, typer.Option("--wait", metavar="SECONDS", min=1, help="How long to wait for the device's decision.")
    ] = WAIT_SECONDS,
) -> None:
    """Compile, sign and send firmware; the device checks it, tries it, and confirms it or goes back to the old one.

    An update that was cut goes on where it ended. Exits 1 if the device rolled it back.
    """
    if bundle is not None and (board is not None or version is not None):
        raise Usage(
            "--bundle takes no other option", remedy="A bundle has its board and version: leave out the others."
        )
    if bundle is not None:
        sent = FirmwareBundle.read(bundle)
    else:
        with session.connect(device) as client, session.progress("compiling"):
            sent = _own(session.home, client, board, version)
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


@command(
    "pack",
    "Make a firmware bundle.",
    "sealwright firmware pack pico-7.firmware --board pico --version 7",
)
def pack(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle to write.")],
    board: BoardOption,
    version: VersionOption,
) -> None:
    """Compile the firmware for a board and sign it as the home's owner, into a bundle that `update` sends."""
    with session.progress("compiling"):
        made = make(session.home, compile_for(find_any(board)), version)
    made.write(file)
    _tell(session, file, made, faults=[])


@command(
    "show",
    "Check a firmware bundle, offline.",
    """
    sealwright firmware show pico-7.firmware
    sealwright firmware show pico-7.firmware --owner owner.pem --hss 00000001...
    """,
)
def show(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A firmware bundle.")],
    owner: Annotated[
        Path | None, typer.Option("--owner", metavar="PEM", help="The owner's public key [default: the home's].")
    ] = None,
    hss: Annotated[
        str | None, typer.Option("--hss", metavar="HEX", help="The owner's HSS public key [default: the home's].")
    ] = None,
) -> int:
    """Check a firmware bundle's signatures and files. Exits 1, with every reason, where one does not hold."""
    signer, lock = _keys(session, owner, hss)
    bundle = FirmwareBundle.read(file)
    faults = list(bundle.faults(signer, lock))
    _tell(session, file, bundle, [f"{fault.code}: {fault.why}" for fault in faults])
    return 1 if faults else 0


def _keys(session: Session, owner: Path | None, hss: str | None) -> tuple[PublicKey, bytes | None]:
    key = owner_key(owner) if owner else session.home.key("owner").public
    if hss is not None or owner is not None:
        return key, None if hss is None else octets(hss, "the HSS key", 60)
    found = HssKey.find(session.home.folder)
    return key, found.public if found else None


def _tell(session: Session, file: Path, bundle: FirmwareBundle, faults: list[str]) -> None:
    said, locked = bundle.message.body, bundle.lock is not None
    session.emit(
        ok=not faults,
        file=str(file),
        digest=bundle.message.digest.hex(),
        model=said.model,
        version=said.version,
        name=said.name,
        arch=said.arch,
        files=len(said.files),
        bytes=bundle.size,
        hss=locked,
        faults=faults,
    )
    session.facts(
        [
            ("bundle", f"{file}, {len(said.files)} files, {bundle.size:,} bytes"),
            ("for", f"{said.model} ({said.arch})"),
            ("version", f"{said.version} ({said.name})"),
            ("signatures", "owner's" + (" and hash-based" if locked else "")),
            *(("fault", fault) for fault in faults),
        ]
    )


@command("key", "Make or show the hash-based key.", "sealwright firmware key")
def key(session: Session) -> None:
    """Make the owner's hash-based key (HSS/LMS) for updates, or show the one there is.

    `sealwright owner update-key` gives it to a device, which then takes no update without its signature. The key signs
    1024 times; never restore its file from a backup.
    """
    home = session.home
    found = HssKey.find(home.folder)
    with session.progress("making the key"):
        made = found or HssKey.make(home.folder)
    session.emit(ok=True, made=found is None, public=made.public.hex(), left=made.left)
    session.facts([("public key", made.public.hex()), ("signatures", f"{made.left} left")])


COMMANDS: Final[tuple[Command, ...]] = (pack, show, key)
