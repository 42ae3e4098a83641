"""The emulated boards of a home: make them, list them, find them, reach them."""

import json
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ..errors import Unreachable, Usage
from ..files import write_whole
from ..home import Home
from ..link.client import Client
from ..link.transport import Transport, check_free, open_url
from .board import EmulatedBoard, free_port
from .kinds import emulator_of, folder_of, kinds
from .pico.uart import SOCKET
from .series import parse_spec, write_series

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


def create(
    home: Home,
    kind: str,
    name: str,
    sensors: Sequence[str] = (),
    image: Path | None = None,
    *,
    uart: str | None = None,
) -> EmulatedBoard:
    """Make a new board of `kind` with these sensors (specs, see `series`), and with an image where its emulator takes
    one. uart: where the wire of its UART ends, another board's name or a tty. Raises Usage; nothing is left then."""
    emulator = emulator_of(kind)
    if not _NAME.fullmatch(name) or name in kinds():
        remedy = "Use a-z, 0-9 and -, up to 31 of them, and not the name of a kind of board."
        raise Usage(f"{name!r} is no name for a board", remedy=remedy)
    if uart is not None and not emulator.has_uart:
        raise Usage(f"an emulated {kind} has no UART to join", remedy="Join two emulated Picos, or a Pico and a tty.")
    folder = home.board(name)
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise Usage(f"there is a board {name} already", remedy="Take another name.", code="board_exists") from error
    except OSError as error:
        raise Usage(f"cannot make {folder}: {error.strerror}", remedy="Check the home's permissions.") from error
    try:
        series = []
        for spec in map(parse_spec, sensors):
            series.append(f"{spec.sensor}.series")
            write_series(spec, folder / series[-1])
        emulator.equip(folder, folder_of(kind), image)
        links = {link: ["127.0.0.1", free_port()] for link in emulator.links}
        hardware: dict[str, object] = {"board": kind, **links, "series": series}
        if emulator.has_radio:
            hardware["ip"] = _air_address()
        if uart is not None:
            hardware["uart"] = _wire(home, uart)
        write_whole(folder / "hardware.json", json.dumps(hardware).encode())
    except BaseException:  # also an interrupt: half a board would hold its name
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return EmulatedBoard(folder)


def _air_address() -> str:
    """An address of the loopback net that no other board is likely to have."""
    return f"127.{64 + secrets.randbelow(64)}.{secrets.randbelow(256)}.{1 + secrets.randbelow(254)}"


def _wire(home: Home, other: str) -> str:
    """Where a UART's wire ends, for a board's process, which runs in its folder. Raises Usage."""
    if "/" not in other:
        return f"../{find(home, other).name}/{SOCKET}"
    if not Path(other).is_char_device():
        remedy = "Give a tty such as /dev/pts/3, or the name of an emulated Pico."
        raise Usage(f"{other} is no tty", remedy=remedy)
    return other


def boards(home: Home) -> Iterator[EmulatedBoard]:
    """Every emulated board of the home, by name."""
    for path in sorted((home.folder / "boards").glob("*/hardware.json")):
        yield EmulatedBoard(path.parent)


def running(home: Home) -> list[EmulatedBoard]:
    """Those that run now."""
    return [board for board in boards(home) if board.pid is not None]


def find(home: Home, name: str) -> EmulatedBoard:
    """The board `name`. Raises Usage."""
    for board in boards(home):
        if board.name == name:
            return board
    raise Usage(
        f"there is no emulated board {name!r}",
        remedy="`sealwright devices` lists them; `sealwright emulate` makes one.",
        code="unknown_board",
    )


def reach(home: Home, url: str) -> tuple[Transport, float]:
    """Open any device URL; `emulated:NAME` is a running board of the home. The stream, and how many times longer than
    usual the device may take. Raises Usage, Unreachable."""
    scheme, _, name = url.partition(":")
    if scheme != "emulated":
        return open_url(url), 1.0
    board = find(home, name)
    if board.pid is None:
        raise Unreachable(f"the emulated board {name} is not running", remedy=f"Run `sealwright emulate {name}`.")
    if board.emulator.has_console:
        check_free(board.serial_url.partition(":")[2])
    return open_url(board.url), board.emulator.patience


def resolve(home: Home, url: str) -> Client:
    """Connect to any device URL, see `reach`."""
    transport, patience = reach(home, url)
    return Client(transport, url, patience=patience)
