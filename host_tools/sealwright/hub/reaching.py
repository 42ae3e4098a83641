"""The devices of a home's register that can be asked at a URL, and their links."""

from ..emulator import resolve
from ..errors import Unreachable, Usage
from ..home import Home
from ..link import Client, connect
from ..operate.pinning import check_named

_ELSEWHERE = "mqtts:"  # behind a broker


def places(home: Home) -> dict[str, bytes]:
    """URL -> device id of every device in use that the register has at a URL of its own. Raises Usage."""
    return {
        entry.where: bytes.fromhex(entry.device) for entry in home.active() if not entry.where.startswith(_ELSEWHERE)
    }


def reach(home: Home, url: str) -> Client:
    """The device that the register has at this URL. Raises Unreachable, and RefusedByDevice for another."""
    try:
        client = resolve(home, url) if url.startswith("emulated:") else connect(url)
    except Usage as error:  # such as an emulated board that was thrown away: no other device waits for it
        raise Unreachable(str(error), remedy=error.remedy) from error
    try:
        check_named(home, client)
    except BaseException:
        client.close()
        raise
    return client
