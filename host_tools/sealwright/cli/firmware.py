"""`sealwright firmware`: bundles of firmware, and the key for them."""

from pathlib import Path
from typing import Annotated, Final

import typer

from ..bench.updates import FirmwareBundle, HssKey, make
from ..targets.build import compile_for
from ..targets.kinds import find_any
from ..wire.keys import PublicKey
from .commands import Command, command
from .options import octets, owner_key
from .session import Session

BoardOption = Annotated[str, typer.Option("--board", metavar="BOARD", help="The board, by its folder's name.")]
VersionOption = Annotated[int, typer.Option("--version", metavar="N", min=1, help="A number above the last one.")]


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
