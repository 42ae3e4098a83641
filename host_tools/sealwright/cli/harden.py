"""`sealwright harden`: seal a bare ESP32 for ever, and sign what it boots."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import targets as boards
from ..bench.hardening import Files, Hardening, Job, Step, make_signing_key, sign_image
from ..errors import Usage
from ..home.urls import url_of
from .commands import Group, command
from .session import Session


def _file(name: str, text: str) -> Any:
    return typer.Option(name, metavar="FILE", help=text)


@command(
    "harden",
    "Seal a bare ESP32 for ever, by its fuses.",
    """
    sealwright harden --board esp32_s3 --device serial:COM5 --bootloader b.bin --partitions p.bin --app a.bin --dry-run
    sealwright harden --board esp32_s3 --virtual fuses.bin --bootloader b.bin --partitions p.bin --app a.bin
    sealwright harden --board esp32_c3 --device serial:COM5 ... --confirm 24:0a:c4:00:01:10 --json
    """,
)
def harden(
    session: Session,
    *,
    board: Annotated[
        str | None, typer.Option("--board", metavar="BOARD", help="Which board it is: esp32, esp32_s3 or esp32_c3.")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", metavar="URL", help="Its serial port.")] = None,
    virtual: Annotated[
        Path | None, _file("--virtual", "Rehearse: the chip's fuses are this file, made where there is none.")
    ] = None,
    bootloader: Annotated[Path | None, _file("--bootloader", "The boot loader of your build, signed.")] = None,
    partitions: Annotated[Path | None, _file("--partitions", "The partition table of your build.")] = None,
    app: Annotated[Path | None, _file("--app", "The application of your build, MicroPython in it, signed.")] = None,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="MAC", help="Burn the chip with this MAC without asking.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be burned, and change nothing.")] = False,
) -> None:
    """Burn the fuses of a board of the ESP32 family: flash encryption, secure boot, encrypted NVS; no JTAG, no way to
    read it. FOR EVER, and only boards with an image of your own build, signed here, start afterwards. Stock MicroPython
    does not.

    The images are checked and written first, the keys are in the home first; a run that was cut goes on where it ended,
    with the same command. boards/BOARD/hardened has what the build needs. See SECURITY.md before you try it.
    """
    job = _job(board, device, virtual, (bootloader, partitions, app))
    with job.chip() as chip:
        hardening = Hardening(session.home, job, chip)
        _show(session, hardening, dry_run)
        if dry_run:
            return
        if hardening.left or hardening.record is None or not hardening.record.done:
            _confirmed(session, hardening.mac, confirm)

        def told(step: Step, number: int) -> None:
            session.emit(ok=True, burned=step.name, fuse=step.fuse, n=number + 1, of=len(hardening.plan.steps))
            session.say(f"burned  {number + 1:2}/{len(hardening.plan.steps)}  {step.name}")

        size = sum(len(data) for _, _, data in hardening.images.regions)
        with session.resumable(), session.progress("writing its flash", size) as advance:
            record = hardening.run(told, advance)
    session.emit(
        ok=True, hardened=record.mac, board=record.board, chip=record.chip, virtual=record.virtual,
        burned=list(record.burned),
    )  # fmt: skip
    session.say(f"{_colons(record.mac)} is sealed: {len(record.burned)} burns, as listed.", "green")
    if record.virtual:
        session.say("It was a rehearsal: no chip has changed.")
    else:
        session.say("Next: sealwright provision --device URL --name NAME")


@command(
    "sign",
    "Sign a boot loader or an application for sealed boards.",
    """
    sealwright harden sign build/bootloader/bootloader.bin --out boot-signed.bin
    sealwright harden sign build/micropython.bin --out app-signed.bin
    """,
)
def sign(
    session: Session,
    *,
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="What the build made.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the signed image goes.")],
) -> None:
    """Sign an image with this home's signing key, RSA-3072. The first call makes the key: its digest is burned into
    each board that is sealed, and without the key none of them gets another image."""
    made = make_signing_key(session.home.hardenings)
    if made:
        session.note(f"{session.home.hardenings.signing_path} is new: keep a copy of it (`sealwright home backup`).")
    size = sign_image(session.home.hardenings, image, out)
    session.emit(ok=True, image=str(image), out=str(out), bytes=size, new_key=made)
    session.say(f"{out} is signed, {size:,} bytes.")


GROUP = Group("harden", harden, (sign,))


def _job(
    board: str | None,
    device: str | None,
    virtual: Path | None,
    given: tuple[Path | None, Path | None, Path | None],
) -> Job:
    if board is None:
        raise Usage("which board?", remedy="Name it with --board: esp32, esp32_s3 or esp32_c3.", code="unknown_board")
    if (device is None) == (virtual is None):
        remedy = "Give one of --device serial:PORT and --virtual FILE, which rehearses it."
        raise Usage("where is the board?", remedy=remedy, code="no_device")
    files = [one for one in given if one is not None]
    if len(files) != len(given):
        remedy = "Give --bootloader, --partitions and --app: stock MicroPython never starts on a sealed board."
        raise Usage("which images is it to boot?", remedy=remedy, code="no_image")
    url = device and (url_of(device) or device)
    return Job(boards.find(board), url, virtual, Files(*files))


def _show(session: Session, hardening: Hardening, dry_run: bool) -> None:
    """What would be burned, in order: each with what it does. With --json only for a dry run, one object in all."""
    total, mac = len(hardening.plan.steps), _colons(hardening.mac)
    rows = []
    for number, step in enumerate(hardening.plan.steps):
        state = "burned already" if number < hardening.done else "FOR EVER"
        shared = hardening.sharing(step)
        why = step.why + (f" (with it: {', '.join(shared)})" if shared else "")
        rows.append({"n": number + 1, "burn": step.name, "fuse": step.fuse, "act": step.act, "why": why,
                     "with": shared, "done": number < hardening.done, "state": state})  # fmt: skip
    if dry_run:
        steps = [{key: value for key, value in row.items() if key != "state"} for row in rows]
        session.emit(ok=True, dry_run=True, mac=mac, chip=hardening.plan.chip, left=len(hardening.left), burns=steps)
    if dry_run or hardening.left:
        session.say(f"{mac}, an {hardening.plan.chip}: {len(hardening.left)} of {total} burns are left.")
        cells = [(str(row["n"]), str(row["burn"]), str(row["state"]), str(row["why"])) for row in rows]
        session.table(("n>", "burn", "", "what it does"), cells)
        session.say("No burn can be undone. Keys are made first, and kept in the home; the flash is written first.")


def _confirmed(session: Session, mac: str, given: str | None) -> None:
    """Return once the person has typed the chip's MAC, or given it by --confirm. Raises Usage (not_confirmed)."""
    wanted = _colons(mac)
    remedy = f"See it with --dry-run; then type {wanted} when asked, or give --confirm {wanted}."
    if given is None:
        if session.as_json or sys.stdin is None or not sys.stdin.isatty() or not session.err.is_terminal:
            raise Usage("nothing was burned: nobody has confirmed it", remedy=remedy, code="not_confirmed")
        session.note(f"Type the chip's MAC, {wanted}, to burn all of it for ever; anything else changes nothing.")
        given = sys.stdin.readline()
    if given.strip().lower().replace("-", ":") != wanted:
        raise Usage("nothing was burned: that is not this chip's MAC", remedy=remedy, code="not_confirmed")


def _colons(mac: str) -> str:
    return ":".join(mac[at : at + 2] for at in range(0, len(mac), 2))
