"""`sealwright boards`: the kinds of board there are, and what each can do."""

from typing import Any

from .. import emulator
from ..targets import UF2
from ..targets.kinds import description, folders
from .commands import command
from .session import Session
from .words import CUSTODY

_LINKS = {"usb": "USB", "uart": "UART", "wifi": "Wi-Fi", "tcp": "TCP", "pty": "pty"}


@command(
    "boards",
    "List the kinds of board, and what each can do.",
    """
    sealwright boards
    sealwright boards --json
    """,
)
def boards(session: Session) -> None:
    """List the kinds of board that there is firmware for, from their own descriptions: `boards/NAME/board.json`.

    custody says how well a stock board of the kind keeps its key. A board that can be emulated runs without hardware.
    """
    emulated = emulator.kinds()
    rows = []
    for folder in folders():
        found = description(folder)
        name, flash = folder.name, found.get("flash", "")
        session.emit(**found | {"name": name, "flash": flash or None, "can_be_emulated": name in emulated})
        links = ", ".join(_LINKS[one] for one in found["features"] if one in _LINKS)
        level = found.get("custody", 0)
        yes = "yes" if name in emulated else ""
        rows.append((name, found["mcu"], found["image"], _by(flash), links, f"{level} ({CUSTODY[level]})", yes))
    session.table(("board", "chip", "MicroPython", "flashed by", "links", "custody", "emulated"), rows)
    session.say("`sealwright flash --board BOARD` and `deploy` make a real one, `emulate BOARD` an emulated one.")


def _by(flash: Any) -> str:
    return {"": "-", UF2: "its drive"}.get(flash, "esptool")
