"""The wire to a board, for what speaks to its prompt instead of its command link."""

from ..home import Home
from . import find


def wire(home: Home, url: str) -> str:
    """The `serial:` or `tcp:` URL of the wire that a device URL names: an emulated board's is its pty. Raises Usage."""
    scheme, _, name = url.partition(":")
    return find(home, name).serial_url if scheme == "emulated" else url
