"""A tray of boards: what is to be made of each, from a CSV file, checked whole before any board is touched."""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ... import targets as boards
from ...emulator.kinds import emulator_of
from ...errors import Usage
from ...home import Home
from ...home.names import name_key, tidy_name
from ...home.urls import url_of
from ...operate.spending import load_policy
from ...targets import BoardKind
from ...targets.kinds import find_any
from ...texts import read_text
from ...wire.messages import DevicePolicy

COLUMNS: Final = ("name", "device", "board")
OPTIONAL: Final = ("policy", "chip")
_COLUMNS: Final = ",".join(COLUMNS) + "".join(f"[,{one}]" for one in OPTIONAL)
EMULATED: Final = "emulated:"


@dataclass(frozen=True, slots=True)
class Place:
    """One board of a tray. device: its URL. board: its kind, None where its firmware is not ours to put on it. chip:
    the serial number (9 bytes) of the chip that is known to be on it, for custody 2."""

    name: str
    device: str
    board: BoardKind | None
    policy: DevicePolicy | None
    chip: bytes | None = None

    @property
    def needs_firmware(self) -> bool:
        """Whether firmware is to be put on it. Some emulated boards have it from the start."""
        emulated = self.device.startswith(EMULATED)
        return self.board is not None and not (emulated and not emulator_of(self.board.name).is_bare)


def read_tray(path: Path, *, home: Home | None = None) -> list[Place]:
    """Read `name,device,board[,policy][,chip]`, a board a line; policy files are looked for beside it. An empty `board`
    leaves the firmware as it is. home: the one whose devices and assets policies name.

    Raises Usage, with the line, for what would stop a board later: a name or a port that two boards have, a kind of
    board or a policy that there is not.
    """
    try:
        with io.StringIO(read_text(path), newline="") as file:
            lines = csv.DictReader(file, skipinitialspace=True)
            _check_columns(path, lines.fieldnames or ())
            places = [_place(path, lines.line_num, line, home) for line in lines]
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", remedy="Check the path.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise _bad(f"{path} is no CSV: {error}") from error
    if not places:
        raise _bad(f"{path} names no board")
    _check_twice(path, "name", (place.name for place in places), name_key)
    _check_twice(path, "device", (place.device for place in places))
    _check_twice(path, "chip", (place.chip.hex() for place in places if place.chip is not None))
    return places


def _place(path: Path, number: int, line: dict[str | None, str | None], home: Home | None) -> Place:
    where = f"line {number} of {path}"
    values = {column: (line.get(column) or "").strip() for column in (*COLUMNS, *OPTIONAL)}
    if None in line or not values["name"] or not values["device"]:
        raise _bad(f"{where} is not {_COLUMNS}")
    try:
        name = tidy_name(values["name"])
        device = url_of(values["device"]) or values["device"]
        board = _kind(values["board"], device) if values["board"] else None
        chip = _serial(values["chip"]) if values["chip"] else None
        policy = load_policy(path.parent / values["policy"], home=home) if values["policy"] else None
    except Usage as error:
        raise Usage(f"{where}: {error}", remedy=error.remedy, code=error.code) from error
    return Place(name, device, board, policy, chip)


def _serial(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 9:
        raise Usage(f"{text!r} is no chip's serial number", remedy="It has 18 hexadecimal digits.")
    return found


def _kind(name: str, device: str) -> BoardKind:
    """A kind of board: one that can be emulated for an emulated board, else one that firmware can be put on."""
    if not device.startswith(EMULATED):
        return boards.find(name)
    emulator_of(name)
    return find_any(name)


def _check_columns(path: Path, found: Iterable[str]) -> None:
    names = list(found)
    if set(COLUMNS) - set(names) or set(names) - {*COLUMNS, *OPTIONAL}:
        raise _bad(f"{path} begins with {','.join(names) or 'nothing'}")


def _check_twice(path: Path, column: str, values: Iterable[str], key: Callable[[str], str] = str) -> None:
    seen = set()
    for value in values:
        if key(value) in seen:
            remedy = "Give each board its own: nothing was done to any of them."
            raise Usage(f"two boards of {path} have the {column} {value}", remedy=remedy, code=f"{column}_twice")
        seen.add(key(value))


def _bad(why: str) -> Usage:
    remedy = f"Write a first line {','.join((*COLUMNS, *OPTIONAL))}, then a line for each board."
    return Usage(why, remedy=remedy, code="bad_tray")
