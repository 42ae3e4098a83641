"""The wire to a board, for what speaks to its prompt instead of its command link."""

from ..home import Home
from . import find


def wire(home: Home, url: str) -> tuple[str, float]:
    """The `serial:` or `tcp:` URL of the wire that a device URL names, an emulated board's being its pty, and how many
    times longer than usual the board may take. Raises Usage."""
    scheme, _, name = url.partition(":")
    if scheme != "emulated":
        return url, 1.0
    board = find(home, name)
    return board.serial_url, board.emulator.patience
