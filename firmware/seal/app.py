"""The device's main program: answers its links, samples its sensors, carries out its owner's order.

One asyncio loop; every handler runs to its end before another begins, so no two of them interleave in the journal.

A board that has a peer link answers peers there. One that has none answers them on its command links: the kinds of
request are numbered apart, so one line carries a host's and a peer's.
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
    from .ports import Board, Handlers, Reader, Slots, Writer


async def serve(board: "Board", slots: "Slots | None" = None) -> None:
    """Run a board for ever. board: port Board; slots: port Slots, where the firmware can be updated."""
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
        tasks.append(firmware.attend(service.firmware, lambda: service.selftest(None)))
    await asyncio.gather(take_samples(device), *tasks)


def _link_tasks(device: "Device", board: "Board", handlers: "Handlers") -> "list[Coroutine[Any, Any, None]]":
    """What serves each link of the board, and what goes out over them: coroutines. handlers: a host's, by kind."""

    async def serve_host(reader: "Reader", writer: "Writer") -> None:
        await _serve_requests(reader, writer, handlers)

    async def serve_peer(reader: "Reader", writer: "Writer") -> None:
        await _serve_buyer(device, reader, writer, {})

    async def serve_both(reader: "Reader", writer: "Writer") -> None:
        await _serve_buyer(device, reader, writer, handlers)

    tasks: list["Coroutine[Any, Any, None]"] = [
        link.serve(serve_host if board.peer_link else serve_both) for link in board.command_links
    ]
    if board.peer_link:
        from . import trading  # 6 KB of heap that a board which only sells need not spend

        tasks += [board.peer_link.serve(serve_peer), trading.run(device)]
    if board.uplink:
        from .uplink import Uplink  # takes heap only on a board that has a way to a broker

        device.uplink = Uplink(device)
        tasks.append(device.uplink.run(serve_host))
    return tasks


def _log_exception(_: object, context: "dict[str, Any]") -> None:
    # asyncio's own handler would print: on some boards that is the wire
    notes.trace("task", context.get("exception") or context["message"])


async def _serve_buyer(device: "Device", reader: "Reader", writer: "Writer", host_handlers: "Handlers") -> None:
    """Answer a peer, and whoever else asks for the kinds of `others` on the same line."""
    seller = Seller(device)
    handlers = dict(host_handlers)
    handlers.update(seller.handlers())
    try:
        await _serve_requests(reader, writer, handlers, seller.patience)
    finally:
        seller.release()


async def _serve_requests(
    reader: "Reader", writer: "Writer", handlers: "Handlers", patience: "Callable[[], int] | None" = None
) -> None:
    try:
        await rpc.serve(reader, writer, handlers, patience)
    except asyncio.TimeoutError:
        notes.tell("link: nothing came for too long")
    except Exception as error:
        # the boundary of one connection: whatever came over it ends it alone. Nothing is lost, the other end asks again
        notes.trace("link", error)


async def take_samples(device: "Device") -> None:
    """Append a reading at the owner's interval while provisioned, on a board that has sensors."""
    last_ticks = None
    while True:
        await asyncio.sleep(0.2)  # short: the owner may change the interval at any time
        if device.state != PROVISIONED or not device.board.sensors:
            continue
        interval = device.owner_record().get(OWNER_INTERVAL, DEFAULT_INTERVAL) * 1000
        now = compat.ticks_ms()
        if last_ticks is not None and compat.ticks_diff(now, last_ticks) < interval:
            continue
        last_ticks = now
        try:
            device.sample()
            device.sensor_fault = None
        except Exception as error:
            # readings wait, the rest goes on: a full flash or a broken sensor, however it breaks, must not stop a
            # machine that sells power
            device.sensor_fault = rpc.error_code(error)
            notes.trace("sampling", error)


async def prepare_signatures(device: "Device", seconds: float = 1) -> None:
    """Let a keystore that can prepare signatures do so, one at a time, whenever nothing else is being handled."""
    while True:
        await asyncio.sleep(seconds)
        if device.state == PROVISIONED:
            try:
                device.board.keystore.idle(device.pool.random)  # type: ignore[attr-defined]  # see `serve`
            except Exception as error:
                # nothing is prepared; what is wrong will show where a signature is asked for
                notes.trace("preparing", error)


def run(board: "Board", slots: "Slots | None" = None) -> None:
    """Run a board until it is reset."""
    asyncio.run(serve(board, slots))
