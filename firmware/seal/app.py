"""The device's main program: serves the links, samples the sensors, carries out the owner's order.

One asyncio loop. A handler runs to its end before the next begins, so handlers never interleave in the journal.

Peers come by the peer links, and through a relay by the command links: hosts and peers use separate request numbers,
so one line carries both.
"""

import asyncio

from . import compat, firmware, notes, rpc
from .device import DEFAULT_INTERVAL, Device, PROVISIONED
from .records import OWNER_INTERVAL
from .seller import Seller
from .service import Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Coroutine, Callable
    from .device import Device
    from .ports import Board, Handlers, Reader, Writer
    from .slots import Slots
    from .rpc import Keep

# What a connection has proved by a request that was accepted, see `links.places`. An owner's command counts once. The
# beginning of an update can be repeated by others, as an owner's key signs it for many devices.
_RANKS = {rpc.COMMAND: 3, rpc.PROVE: 2, rpc.UPDATE_BEGIN: 2}
_SPOKE = 1

METER_MS = 60_000  # a meter sums what it sees: of a longer time without a look it could count nothing, or a guess


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
    await asyncio.gather(take_samples(device), *tasks)


def _link_tasks(device: "Device", board: "Board", handlers: "Handlers") -> "list[Coroutine[Any, Any, None]]":
    """Coroutines that serve every link of the board. handlers: for the requests of a host."""

    turn = asyncio.Lock()

    async def serve_host(reader: "Reader", writer: "Writer", keep: "Keep | None" = None) -> None:
        await _serve_requests(reader, writer, handlers, keep, turn)

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
        await _serve_requests(reader, writer, handlers, keep, turn, seller.patience)
    finally:
        seller.release()


async def _serve_requests(
    reader: "Reader",
    writer: "Writer",
    handlers: "Handlers",
    keep: "Keep | None",
    turn: "asyncio.Lock | None" = None,
    patience: "Callable[[], int] | None" = None,
) -> None:
    def heard(kind: int, is_accepted: bool) -> None:
        if keep:
            keep(writer, _RANKS.get(kind, _SPOKE) if is_accepted else _SPOKE)

    try:
        await rpc.serve(reader, writer, handlers, patience, heard, turn)
    except asyncio.TimeoutError:
        notes.tell("link: timeout")
    except Exception as error:
        # the boundary of one connection: an error ends this connection only, and the client may ask again
        notes.trace("link", error)


async def take_samples(device: "Device", meter_ms: int = METER_MS) -> None:
    """Append a reading at the owner's interval while provisioned, on a board that has sensors. meter_ms: look at the
    meter at least so often."""
    last_ticks = metered = None
    while True:
        await asyncio.sleep(0.2)  # short: a command may change the interval
        if device.state != PROVISIONED or not device.board.sensors:
            continue
        interval = device.owner_record().get(OWNER_INTERVAL, DEFAULT_INTERVAL) * 1000
        now = compat.ticks_ms()
        if last_ticks is not None and compat.ticks_diff(now, last_ticks) < interval:
            if compat.ticks_diff(now, metered) >= meter_ms:
                metered = now
                _look_at_meter(device)
            continue
        last_ticks = metered = now
        try:
            device.sample()
            device.sensor_fault = device.missing
            compat.tidy_heap()
        except Exception as error:
            # a full flash or a broken sensor delays readings; it must not stop a machine that sells power
            device.sensor_fault = rpc.error_code(error)
            notes.trace("sampling", error)


def _look_at_meter(device: "Device") -> None:
    try:
        if device.board.meter:
            device.board.meter.read()
    except Exception as error:
        # the next reading reports the cause
        notes.trace("metering", error)


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
