"""`sealwright flash`: put MicroPython on a board."""

from pathlib import Path
from typing import Annotated

import typer

from .. import targets as boards
from ..bench import flashing
from ..errors import Usage
from ..home.urls import url_of
from .commands import command
from .options import BoardOption
from .session import Session


@command(
    "flash",
    "Put MicroPython on a bare board.",
    """
    sealwright flash --board esp32_s3 --device serial:/dev/ttyACM0 --image ESP32_GENERIC_S3-v1.26.1.bin
    sealwright flash --board pico --image RPI_PICO-v1.26.1.uf2      hold BOOTSEL while you plug it in
    sealwright flash --board pico --device serial:/dev/ttyACM0 --image RPI_PICO-v1.26.1.uf2
    """,
)
def flash(
    session: Session,
    *,
    board: BoardOption,
    device: Annotated[
        str | None, typer.Option("--device", metavar="URL", help="Its serial port; a Pico may be a boot drive already.")
    ] = None,
    image: Annotated[Path | None, typer.Option("--image", metavar="FILE", help="MicroPython's image for it.")] = None,
    drive: Annotated[
        Path | None, typer.Option("--drive", metavar="DIR", help="Where a Pico's boot drive is mounted, if not found.")
    ] = None,
    erase: Annotated[bool, typer.Option("--erase", help="ESP32: erase all of its flash first.")] = False,
) -> None:
    """Flash MicroPython's own image: an ESP32 by esptool, a Pico by its boot drive.

    The image must be for the board's chip, and the chip that of the board, or nothing is written. A board that says it
    is provisioned is left alone.
    """
    kind, device = boards.find(board), device and (url_of(device) or device)
    if image is None:
        where = f"https://micropython.org/download/{kind.image}"
        raise Usage("which image?", remedy=f"Get {kind.image} from {where} and name it with --image.", code="no_image")
    size = image.stat().st_size if image.is_file() else 0
    with session.progress("flashing", size) as advance:
        mounted = flashing.flash(kind, image, device, advance, drive=drive, erase=erase)
    to = str(mounted or device)
    session.emit(ok=True, board=kind.name, image=str(image), bytes=size, to=to)
    session.say(f"{image.name} is on the {kind.name} ({to}).", "green")
    session.say(f"Next: sealwright deploy --board {kind.name} --device {device or 'URL'}")
