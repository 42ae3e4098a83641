"""Espressif's chips by esptool, the one module that knows it.

esptool is GPL-2.0-or-later and comes with the extra `flash` only: it is imported when an ESP32 is flashed, never
before. It keeps one logger for the whole process, replaced here by one that only moves the progress bar. Not for
threads, therefore.
"""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from ...errors import RefusedByDevice, Rejected, SealwrightError, Unreachable, Usage, how_to_install
from ...link.transport import PORT_ERRORS, SerialTransport, split_url
from ...targets import BoardKind
from ...targets.kinds import plain
from .image import Image

BAUD: Final = 115200
FAST_BAUD: Final = 460800
_CONNECT_ATTEMPTS: Final = 3
Advance = Callable[[float, str], None]


def need_esptool() -> None:
    """Raise Usage where esptool is not installed."""
    if importlib.util.find_spec("esptool") is None:
        remedy = how_to_install("esptool", "flash") + " It is GPL-2.0-or-later, therefore an extra."
        raise Usage("flashing an ESP32 needs esptool, which is not installed", remedy=remedy, code="no_esptool")


def write_image(url: str, board: BoardKind, image: Image, advance: Advance, *, erase: bool) -> None:
    """Flash an image that was checked to be for this board; what else is on the flash stays, unless `erase`.

    advance(bytes written, ""). Raises RefusedByDevice for another chip than the board's, Unreachable where no boot ROM
    answers or the connection breaks, Rejected where the flash does not hold what was written.
    """
    write_regions(url, board, lambda esp: [(esp.BOOTLOADER_FLASH_OFFSET, image.data)], advance, erase=erase)


def write_regions(
    url: str,
    board: BoardKind,
    regions: Callable[[Any], Sequence[tuple[int, bytes]]],
    advance: Advance,
    *,
    erase: bool,
    force: bool = False,
) -> None:
    """Write pieces of flash, each with its offset, and check them; raises as `write_image` does.

    regions: what to write to the chip, as esptool knows it. force: skip esptool's own checks of what is in them.
    """
    need_esptool()
    from esptool import cmds

    with boot_rom(url, board) as esp:
        pieces = regions(esp)
        size = sum(len(data) for _, data in pieces)
        quiet_esptool().moved = lambda share: advance(share * size, "")
        stub = cmds.run_stub(esp)
        stub.change_baud(FAST_BAUD)
        cmds.attach_flash(stub)
        cmds.write_flash(stub, list(pieces), erase_all=erase, force=force)
        cmds.reset_chip(stub, "hard-reset")


@contextmanager
def boot_rom(url: str, board: BoardKind) -> Iterator[Any]:
    """The boot ROM of the board's chip, as esptool talks to it. Raises as `write_image` does."""
    need_esptool()
    from esptool import cmds

    quiet_esptool()
    esp = _connect(cmds, _port(url), board)
    try:
        yield esp
    except BrokenPipeError:
        raise  # of a reader of our output
    except _errors() as error:
        raise _lost_connection(url, error) from error
    finally:
        esp._port.close()


def _port(url: str) -> str:
    """The path of a port that opens, or the error that says why it does not."""
    scheme, address = split_url(url)
    if scheme != "serial":
        raise Usage(f"{url} is no serial port", remedy="An ESP32 is flashed over its serial port.", code="bad_url")
    SerialTransport(address).close()
    return str(Path(address).resolve())


def _connect(cmds: Any, path: str, board: BoardKind) -> Any:
    try:
        esp = cmds.detect_chip(path, BAUD, connect_attempts=_CONNECT_ATTEMPTS)
    except _errors() as error:
        said = str(error).splitlines()[0]
        if "chip ID value" in said or "chip magic value" in said:
            remedy = "Use a board that Sealwright has a folder for."
            raise RefusedByDevice(f"{path}: {said}", remedy=remedy, code="wrong_chip") from error
        remedy = "Hold BOOT while you press RESET, then run it again. Check the cable: some carry power only."
        why = f"no ESP32 boot ROM answers at {path}: {said}"
        raise Unreachable(why, remedy=remedy, code="no_boot_rom") from error
    if plain(esp.CHIP_NAME) != plain(board.flash):
        esp._port.close()
        why = f"an {esp.CHIP_NAME} is at {path}, and {board.called} has an {board.mcu}: nothing was written"
        raise RefusedByDevice(why, remedy="Name the board that is connected, or connect it.", code="wrong_chip")
    return esp


def _errors() -> tuple[type[Exception], ...]:
    from esptool.util import FatalError

    return FatalError, *PORT_ERRORS


def _lost_connection(url: str, error: Exception) -> SealwrightError:
    said = str(error).splitlines()[0]
    if "MD5" in said:
        remedy = "Flash it again. If it stays so, the board's flash is worn out."
        return Rejected(f"the board does not hold what was written: {said}", remedy=remedy, code="not_written")
    remedy = "Check the cable and flash it again: the chip's boot ROM cannot be damaged."
    return Unreachable(f"{url} stopped answering: {said}", remedy=remedy, code="connection_lost")


@cache
def quiet_esptool() -> Any:
    """esptool's logger from now on: it takes all that is said, keys too, and calls `moved` with the share done."""
    from esptool.logger import TemplateLogger, log

    class Quiet(TemplateLogger):  # type: ignore[misc]  # it has no types
        def print(self, *args: Any, **kwargs: Any) -> None: ...
        def note(self, message: str) -> None: ...
        def warning(self, message: str) -> None: ...
        def error(self, message: str) -> None: ...
        def stage(self, finish: bool = False) -> None: ...
        def set_verbosity(self, verbosity: str) -> None: ...

        def progress_bar(
            self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "", bar_length: int = 30
        ) -> None:
            self.moved(cur_iter / max(1, total_iters))

    log.set_verbosity("silent")  # of the logger it has, which some of its modules keep
    quiet = Quiet()
    log.set_logger(quiet)
    return quiet
