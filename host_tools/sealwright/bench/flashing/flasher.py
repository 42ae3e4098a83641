"""Put MicroPython itself on a board: by esptool or by the boot drive, as the board's description says."""

import time
from collections.abc import Callable
from pathlib import Path

from ...errors import Malformed, RefusedByDevice, Unreachable, Usage
from ...link import connect
from ...link.transport import open_url
from ...targets import UF2, BoardKind
from ..deploying.console import Console, NoPrompt
from .drive import APPEAR_SECONDS, copy_to_drive, drives, find_drive
from .esp import need_esptool, write_image
from .image import load_image

Advance = Callable[[float, str], None]
_BOOTLOADER = "import machine, time\ntime.sleep_ms(200)\nmachine.bootloader()"
_KNOWN_SECONDS = 3.0


def flash(
    board: BoardKind,
    path: Path,
    url: str | None,
    advance: Advance,
    *,
    drive: Path | None = None,
    erase: bool = False,
) -> Path | None:
    """Flash the image at `path`; the boot drive it was copied to, if any. url: the board's port; a Pico may be a boot
    drive already. Raises Usage, Rejected for a wrong image, RefusedByDevice for another chip and for a board that is
    provisioned, Unreachable. Nothing is written before the image and the chip are known to be right."""
    image = load_image(path, board)
    advance(0, "")
    if board.flash == UF2:
        if erase:
            remedy = "Copy flash_nuke.uf2, by Raspberry Pi, to its boot drive: that erases a Pico."
            raise Usage("a Pico's boot drive erases nothing", remedy=remedy)
        if drive is None and url is not None and not drives():
            _enter_boot_drive(url)
        where = find_drive(board, drive, 0.0 if url is None else APPEAR_SECONDS)
        copy_to_drive(image.data, where, advance)
        if url is not None:
            _come_back(url)
        return where
    if url is None:
        raise Usage("at which port is the board?", remedy="Give --device serial:PORT.")
    need_esptool()
    refuse_provisioned(url)
    write_image(url, board, image, advance, erase=erase)
    return None


def _enter_boot_drive(url: str) -> None:
    """Ask MicroPython to become the boot drive; where nobody answers, its person may press the button."""
    try:
        with Console(url) as console:
            console.start(_BOOTLOADER)
    except NoPrompt:
        refuse_provisioned(url)


def _come_back(url: str) -> None:
    """Wait until MicroPython shows up at its port again."""
    end = time.monotonic() + APPEAR_SECONDS
    while True:
        try:
            open_url(url).close()
            return
        except Unreachable:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def refuse_provisioned(url: str) -> None:
    """A board that says it has an identity is left alone: its key would be lost, or its owner's firmware replaced."""
    try:
        with connect(url, _KNOWN_SECONDS) as client:
            provisioned = client.info().provisioned
    except (Unreachable, Malformed):
        return  # whatever it is, it is no Sealwright that runs
    if provisioned:
        remedy = "`sealwright update` renews its firmware; `sealwright owner wipe` ends its life first."
        raise RefusedByDevice(
            "the board is provisioned: nothing was written", remedy=remedy, code="already_provisioned"
        )
