"""The boot drive of a Raspberry Pi Pico: a USB disk by its boot ROM, which flashes the UF2 file that is copied to it.

The ROM cannot be damaged: a copy that is cut is begun again. It shows in `INFO_UF2.TXT` which chip it is on. The drive
goes away by itself when the last block has come, so an error after the very last write means success.
"""

import os
import re
import string
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ...errors import RefusedByDevice, Unreachable, Usage
from ...targets import BoardKind

INFO: Final = "INFO_UF2.TXT"
APPEAR_SECONDS: Final = 15.0
_NAME: Final = "SEAL.UF2"
_PIECE: Final = 32 * 1024
_BOARD_ID: Final = re.compile(r"^Board-ID:\s*(?:RPI-)?(\S+)", re.MULTILINE)
_IDS: Final = {"RP2": "RP2040", "RP2350": "RP2350"}
_HOLD: Final = (
    "Hold BOOTSEL while you plug it in: it shows up as a drive then. --drive DIR names one that is not found."
)
Advance = Callable[[float, str], None]


def drives() -> list[tuple[Path, str]]:
    """Every boot drive that is mounted, and the chip behind it."""
    found = []
    for folder in _mounts():
        chip = chip_of(folder)
        if chip is not None:
            found.append((folder, chip))
    return found


def chip_of(folder: Path) -> str | None:
    """The chip behind a boot drive, or None where the folder is none."""
    try:
        match = _BOARD_ID.search((folder / INFO).read_text(errors="replace"))
    except OSError:
        return None
    return None if match is None else _IDS.get(match[1], match[1])


def _mounts() -> Iterator[Path]:
    if sys.platform == "win32":
        yield from (Path(f"{letter}:/") for letter in string.ascii_uppercase)
        return
    for pattern in ("media/*", "media/*/*", "run/media/*/*", "Volumes/*", "mnt/*"):
        yield from sorted(Path("/").glob(pattern))


def find_drive(board: BoardKind, named: Path | None, wait: float = 0.0) -> Path:
    """The boot drive of a board of this kind: the one named, else the only one there is within `wait` seconds.

    Raises Usage for a folder that is no boot drive and where there are several, RefusedByDevice for another chip's,
    Unreachable where there is none.
    """
    if named is not None:
        chip = chip_of(named)
        if chip is None:
            remedy = f"A boot drive has a file {INFO}. {_HOLD}"
            raise Usage(f"{named} is no boot drive", remedy=remedy, code="no_boot_drive")
        return _checked(board, named, chip)
    end = time.monotonic() + wait
    found = drives()
    while not found and time.monotonic() < end:
        time.sleep(0.2)
        found = drives()
    if not found:
        raise Unreachable("no boot drive of a Pico is mounted", remedy=_HOLD, code="no_boot_drive")
    if len(found) > 1:
        names = ", ".join(str(folder) for folder, _ in found)
        raise Usage(f"there are several boot drives: {names}", remedy="Name one with --drive.", code="which_drive")
    return _checked(board, *found[0])


def _checked(board: BoardKind, folder: Path, chip: str) -> Path:
    if chip != board.mcu:
        why = f"{folder} is the boot drive of an {chip}, and {board.called} has an {board.mcu}: nothing was written"
        raise RefusedByDevice(why, remedy="Name the board that is connected, or connect it.", code="wrong_chip")
    return folder


def copy_to_drive(data: bytes, folder: Path, advance: Advance) -> None:
    """Copy a UF2 file; advance(bytes written, ""). Raises Unreachable where the drive goes away before its end, and
    RefusedByDevice where it has no room."""
    done = 0
    try:
        with (folder / _NAME).open("wb", buffering=0) as file:
            while done < len(data):
                done += file.write(data[done : done + _PIECE])
                if done < len(data):
                    os.fsync(file.fileno())
                advance(done, "")
            os.fsync(file.fileno())
    except OSError as error:
        if done == len(data):
            return  # it has flashed itself and gone
        if chip_of(folder) is not None:
            remedy = "Is it a Pico's boot drive? Plug it in anew while you hold BOOTSEL."
            why = f"{folder} takes no more than {done:,} of {len(data):,} bytes: {error.strerror}"
            raise RefusedByDevice(why, remedy=remedy, code="storage_full") from error
        remedy = f"{_HOLD} Then flash it again: its boot ROM cannot be damaged."
        why = f"{folder} went away after {done:,} of {len(data):,} bytes"
        raise Unreachable(why, remedy=remedy, code="connection_lost") from error
