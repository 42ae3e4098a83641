"""How `sealwright emulate` stops emulated boards, and removes them."""

from collections.abc import Callable
from typing import Final

from .. import emulator
from ..emulator import EmulatedBoard
from .holdings import holdings
from .session import Session

ALL: Final = "all"


def end(session: Session, name: str, how: Callable[[EmulatedBoard], None]) -> None:
    """Stop boards, or stop and remove them."""
    boards = list(emulator.boards(session.home)) if name == ALL else [emulator.find(session.home, name)]
    for board in boards:
        ran, removing = board.pid is not None, how is EmulatedBoard.remove
        if removing:
            _retire(session, board)
        how(board)
        state = "removed" if removing else "stopped"
        session.emit(ok=True, name=board.name, state=state)
        session.say(f"{board.name} {state}" if ran or removing else f"{board.name} was not running")
    if not boards:
        session.say("There are no emulated boards.")


def _retire(session: Session, board: EmulatedBoard) -> None:
    """Its key goes with its flash: free the name of the device it was, and say what that had."""
    for entry in session.home.active():
        if entry.url in board.urls:
            session.home.retire(entry)
            found = holdings(session, bytes.fromhex(entry.device))
            if found.balances:
                session.note(f"{entry.name} is retired; {found}: `sealwright ledger withdraw {entry.device[:16]}`")
