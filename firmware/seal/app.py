"""The device's main program: serves the links, samples the sensors and sleeps, carries out the owner's order.

One asyncio loop. A handler runs to its end before the next begins, so handlers never interleave in the journal.

Peers come by the peer links, and through a relay by the command links: hosts and peers use separate request numbers,
so one line carries both.
"""

import asyncio

from . import compat, firmware, notes, rpc
from .device import Device, PROVISIONED
from .sampling import Sampler
from .seller import Seller
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Coroutine, Callable
    from .device import Device
    from .ports import Board, Handlers, Reader, Writer
    from .slots import Slots
    from .rpc import Keep

# What a connection has proved by a request that was accepted, see `links.places`. An owner's command counts once. An
# update can be repeated by others, as an owner's key signs it for many devices; its beginning by still more.
_RANKS = {rpc.COMMAND: 3, rpc.PROVE: 2, rpc.UPDATE_WRITE: 2, rpc.UPDATE_COMMIT: 2}
_SPOKE = 1


async def serve(board: "Board", slots: "Slots | None" = None) -> None:
    """Run a board for ever. slots: None where the firmware cannot be updated."""
    notes.show = board.console
    asyncio.get_event_loop().set_exception_handler(_log_exception)
    device = Device(board)
    device.load()
    notes.tell("sealwright: %s" % ("damaged: %s" % device.fault if device.fault else "ready"))
    compat.settle_heap()
    service = Service(device, slots)
    tasks = _link_tasks(device, board, service.handlers())
    if hasattr(board.keystore, "idle"):
        tasks.append(prepare_signatures(device))
    if slots:
        tasks.append(firmware.attend(service.firmware, lambda: compat.finish(service.selftest(None, writes=True))))
    device.rest.slots = slots
    await asyncio.gather(Sampler(device).run(), *tasks)


def _link_tasks(device: "Device", board: "Board", handlers: "Handlers") -> "list[Coroutine[Any, Any, None]]":
    """Coroutines that serve every link of the board. handlers: for the requests of a host."""

    turn = asyncio.Lock()

    async def serve_host(reader: "Reader", writer: "Writer", keep: "Keep | None" = None) -> None:
        await _serve_requests(device, reader, writer, handlers, keep, turn)

    async def serve_peer(reader: "Reader", writer: "Writer", keep: "Keep | None") -> None:
        await _serve_buyer(device, reader, writer, {}, keep, turn)

    async def serve_both(reader: "Reader", writer: "Writer", keep: "Keep | None") -> None:
        await _serve_buyer(device, reader, writer, handlers, keep, turn)

    tasks: list["Coroutine[Any, Any, None]"] = [
        link.serve(rpc.keeping(link, serve_both)) for link in board.command_links
    ]
    if board.peer_links or board.radio:
        from .peers import Peers  # heap, for boards that can have a peer link

        device.peers = Peers(device)
        tasks.append(device.peers.run(serve_peer))
    if board.uplink:
        from .uplink import Uplink  # heap, for boards with a way to a broker

        device.uplink = Uplink(device)
        tasks.append(device.uplink.run(serve_host))
    return tasks


def _log_exception(_: object, context: "dict[str, Any]") -> None:
    # asyncio's default handler prints, and on some boards the console is the wire
    notes.trace("task", context.get("exception") or context["message"])


async def _serve_buyer(
    device: "Device",
    reader: "Reader",
    writer: "Writer",
    host_handlers: "Handlers",
    keep: "Keep | None",
    turn: "asyncio.Lock | None" = None,
) -> None:
    """Serve a peer, and the requests of `host_handlers` on the same line."""
    seller = Seller(device)
    handlers = dict(host_handlers)
    handlers.update(seller.handlers())
    try:
        await _serve_requests(device, reader, writer, handlers, keep, turn, seller.patience)
    finally:
        seller.release()


async def _serve_requests(
    device: "Device",
    reader: "Reader",
    writer: "Writer",
    handlers: "Handlers",
    keep: "Keep | None",
    turn: "asyncio.Lock | None" = None,
    patience: "Callable[[], int] | None" = None,
) -> None:
    def heard(kind: int, is_accepted: bool | None) -> None:
        if is_accepted is not None:
            device.rest.heard(kind, is_accepted)
        if keep:  # also before the handler: others come in between the steps of one that takes long
            keep(writer, _RANKS.get(kind, _SPOKE) if is_accepted else _SPOKE)

    try:
        await rpc.serve(reader, writer, handlers, patience, heard, turn)
    except asyncio.TimeoutError:
        notes.tell("link: timeout")
    except Exception as error:
        # the boundary of one connection: an error ends this connection only, and the client may ask again
        notes.trace("link", error)


async def prepare_signatures(device: "Device", seconds: float = 1) -> None:
    """Have the keystore prepare signatures while the device is idle, one every `seconds`."""
    while True:
        await asyncio.sleep(seconds)
        if device.state == PROVISIONED:
            try:
                device.board.keystore.idle(device.pool.random)  # type: ignore[attr-defined]  # see `serve`
            except Exception as error:
                # the next request for a signature reports the cause
                notes.trace("preparing", error)


def run(board: "Board", slots: "Slots | None" = None) -> None:
    """Run a board until reset."""
    asyncio.run(serve(board, slots))
