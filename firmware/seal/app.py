"""The device's main program: answers its links, samples its sensors, carries out its owner's order.

One asyncio loop; every handler runs to its end before another begins, so no two of them interleave in the journal.

A board that has a peer link answers peers there. One that has none answers them on its command links: the kinds of
request are numbered apart, so one line carries a host's and a peer's.
"""

import asyncio

from . import compat, device, firmware, notes, rpc
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
    asyncio.get_event_loop().set_exception_handler(_unforeseen)
    this = device.Device(board)
    this.load()
    notes.tell("sealwright: %s" % ("damaged: %s" % this.fault if this.fault else "ready"))
    compat.settle_heap()
    service = Service(this, slots)
    tasks = _links(this, board, service.handlers())
    if hasattr(board.keystore, "idle"):
        tasks.append(preparer(this))
    if slots:
        tasks.append(firmware.attend(service.firmware, lambda: service.selftest(None)))
    await asyncio.gather(sampler(this), *tasks)


def _links(this: "Device", board: "Board", handlers: "Handlers") -> "list[Coroutine[Any, Any, None]]":
    """What serves each link of the board, and what goes out over them: coroutines. handlers: a host's, by kind."""

    async def host(reader: "Reader", writer: "Writer") -> None:
        await _connection(reader, writer, handlers)

    async def peer(reader: "Reader", writer: "Writer") -> None:
        await _sell(this, reader, writer, {})

    async def either(reader: "Reader", writer: "Writer") -> None:
        await _sell(this, reader, writer, handlers)

    tasks: list["Coroutine[Any, Any, None]"] = [
        link.serve(host if board.peer_link else either) for link in board.command_links
    ]
    if board.peer_link:
        from . import trading  # 6 KB of heap that a board which only sells need not spend

        tasks += [board.peer_link.serve(peer), trading.run(this)]
    if board.uplink:
        from .uplink import Uplink  # takes heap only on a board that has a way to a broker

        this.uplink = Uplink(this)
        tasks.append(this.uplink.run(host))
    return tasks


def _unforeseen(_: object, context: "dict[str, Any]") -> None:
    # asyncio's own handler would print: on some boards that is the wire
    notes.trace("task", context.get("exception") or context["message"])


async def _sell(this: "Device", reader: "Reader", writer: "Writer", others: "Handlers") -> None:
    """Answer a peer, and whoever else asks for the kinds of `others` on the same line."""
    seller = Seller(this)
    handlers = dict(others)
    handlers.update(seller.handlers())
    try:
        await _connection(reader, writer, handlers, seller.patience)
    finally:
        seller.gone()


async def _connection(
    reader: "Reader", writer: "Writer", handlers: "Handlers", patience: "Callable[[], int] | None" = None
) -> None:
    try:
        await rpc.serve(reader, writer, handlers, patience)
    except asyncio.TimeoutError:
        notes.tell("link: nothing came for too long")
    except Exception as error:
        # the boundary of one connection: whatever came over it ends it alone. Nothing is lost, the other end asks again
        notes.trace("link", error)


async def sampler(this: "Device") -> None:
    """Append a reading at the owner's interval while provisioned, on a board that has sensors."""
    last = None
    while True:
        await asyncio.sleep(0.2)  # short: the owner may change the interval at any time
        if this.state != device.PROVISIONED or not this.board.sensors:
            continue
        interval = this.owner_record().get(device.INTERVAL, device.DEFAULT_INTERVAL) * 1000
        now = compat.ticks_ms()
        if last is not None and compat.ticks_diff(now, last) < interval:
            continue
        last = now
        try:
            this.sample()
            this.sensor_fault = None
        except Exception as error:
            # readings wait, the rest goes on: a full flash or a broken sensor, however it breaks, must not stop a
            # machine that sells power
            this.sensor_fault = rpc.error_code(error)
            notes.trace("sampling", error)


async def preparer(this: "Device", seconds: float = 1) -> None:
    """Let a keystore that can prepare signatures do so, one at a time, whenever nothing else is being handled."""
    while True:
        await asyncio.sleep(seconds)
        if this.state == device.PROVISIONED:
            try:
                this.board.keystore.idle(this.pool.random)  # type: ignore[attr-defined]  # see `serve`
            except Exception as error:
                # nothing is prepared; what is wrong will show where a signature is asked for
                notes.trace("preparing", error)


def run(board: "Board", slots: "Slots | None" = None) -> None:
    """Run a board until it is reset."""
    asyncio.run(serve(board, slots))
