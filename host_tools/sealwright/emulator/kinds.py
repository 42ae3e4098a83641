"""The emulators there are, one for each way to make a process of a board. A board's `board.json` names its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from ..errors import Usage
from ..targets import assets
from ..targets import kinds as targets
from .esp32 import Esp32
from .pico import Pico
from .unix import UnixPort


class Emulator(Protocol):
    """How boards become processes. None of it knows a board's name or home: `folder` is the board's own."""

    @property
    def links(self) -> Sequence[str]:
        """The TCP ports a board listens on, by their names in `hardware.json`; "command" is one of them."""

    @property
    def has_console(self) -> bool:
        """Whether its port and its pty are one wire, its console's: who holds that at the prompt has it alone."""

    @property
    def is_bare(self) -> bool:
        """Whether a new board has MicroPython and no firmware, which goes onto it at its prompt."""

    @property
    def has_uart(self) -> bool:
        """Whether the UART that carries its peers can be joined to another end when the board is made."""

    @property
    def has_radio(self) -> bool:
        """Whether a board needs an address on the air, which is the host's loopback."""

    @property
    def patience(self) -> float:
        """How many times longer a board takes than the machine it emulates: what a client's time-outs grow by."""

    @property
    def group(self) -> int:
        """How many boards one command line starts."""

    def equip(self, folder: Path, board: Path, image: Path | None) -> None:
        """Put what a new board needs beside `hardware.json` into its folder. board: its kind's folder in `boards`.
        image: what the user wants it to run. Raises Usage."""

    def command(self, folders: Sequence[Path], board: Path) -> list[str]:
        """The command line of a board's process, or of one that starts those of several boards and ends, at most
        `group`. folders: theirs; board: their kind's folder in `boards`. Raises Usage."""

    def greet(self, url: str) -> None:
        """Return if the board behind its command link's `url` is up. Raises Unreachable."""


EMULATORS: Final[dict[str, Emulator]] = {"unix": UnixPort(), "pico": Pico(), "esp32": Esp32()}


def kinds() -> list[str]:
    """The boards that can be emulated here."""
    return [folder.name for folder in targets.folders() if _emulator_name(folder) in EMULATORS]


def emulator_of(kind: str) -> Emulator:
    """What runs boards of a kind. Raises Usage for one that cannot be emulated."""
    if kind not in kinds():
        remedy = f"Boards that can be emulated: {', '.join(kinds())}."
        raise Usage(f"there is no emulated board {kind!r}", remedy=remedy, code="unknown_board")
    return EMULATORS[str(_emulator_name(folder_of(kind)))]


def folder_of(kind: str) -> Path:
    """A kind's folder in `boards`."""
    return _boards() / kind


def _boards() -> Path:
    return assets.root() / "boards"


def _emulator_name(folder: Path) -> object:
    return targets.description(folder).get("emulator")
