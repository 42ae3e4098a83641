"""`sealwright relay`: network devices trade with a board that has only a wire."""

import asyncio
import signal
from typing import Annotated, Final

import typer

from .. import emulator
from ..errors import Usage, cause_of
from ..link import Client
from ..link.labels import REPLY_SECONDS
from ..link.relay import Address, Relay, Wire
from ..link.transport import Transport, open_url
from .commands import command
from .options import DeviceOption
from .session import Session

_NETWORK: Final = ("tcp:", "udp:")
_ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@command(
    "relay",
    "Let network devices trade with a board on a wire.",
    """
    sealwright relay --device serial:/dev/ttyACM0 --listen 0.0.0.0:7001
    sealwright relay --device emulated:pico-1 --json
    """,
)
def relay(
    session: Session,
    *,
    device: DeviceOption,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where peers connect; port 0 is any free one.")
    ] = "127.0.0.1:0",
    command: Annotated[
        str, typer.Option("--command", metavar="HOST:PORT", help="Where host commands connect meanwhile.")
    ] = "127.0.0.1:0",
) -> None:
    """Pipe the requests of network devices to a board that has only a wire, one device at a time, until Ctrl-C.

    While it has the wire, other commands reach the board at the relay's second URL. When the board goes away the relay
    stays, and opens the wire again at the next request.
    """
    addresses, device = (_address(listen), _address(command)), session.url(device)
    transport, patience = _open(session, device)
    with session.progress("asking the board"), Client(transport, device, patience=patience) as client:
        peer = next((address for address in client.info().peers if address.startswith(_NETWORK)), None)
    if peer is not None:
        remedy = "Pay without --at: other devices reach it there."
        raise Usage(f"{device} needs no relay: it has a peer link, {peer}", remedy=remedy, code="has_peer_link")
    wire = Wire(lambda: _open(session, device)[0], REPLY_SECONDS * patience)
    asyncio.run(_run(session, Relay(wire, session.note), addresses))


async def _run(session: Session, relay: Relay, addresses: tuple[Address, Address]) -> None:
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _ENDS:
        loop.add_signal_handler(number, end.set)
    try:
        peers, hosts = await relay.start(*addresses)
    except OSError as error:
        raise Usage(f"cannot listen: {cause_of(error)}", remedy="Take another address or port.") from error
    try:
        session.emit(ok=True, peers=peers, hosts=hosts)
        session.facts([("peers", peers), ("hosts", hosts)])
        session.say("Relaying until Ctrl-C.")
        await end.wait()
    finally:
        await relay.close()
    session.emit(ok=True, connections=relay.peers, requests=relay.requests)
    session.say(f"{relay.peers} peers, {relay.requests} requests relayed.")


def _open(session: Session, url: str) -> tuple[Transport, float]:
    if url.startswith("emulated:"):
        return emulator.reach(session.home, url)
    return open_url(url), 1.0


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise Usage(f"{text!r} is no address", remedy="Write HOST:PORT, such as 0.0.0.0:7001.")
    return host.strip("[]"), int(port)
