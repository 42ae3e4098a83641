"""The device's main program: answers its links, samples its sensors, carries out its owner's order.

One asyncio loop; every handler runs to its end before another begins, so no two of them interleave in the journal.
"""

import asyncio

from . import compat, device, rpc, trading
from .seller import Seller
from .service import Service


async def serve(board):
    """Run a board for ever. board: port Board."""
    this = device.Device(board)
    this.load()
    print("sealwright: %s" % ("damaged: %s" % this.fault if this.fault else "ready"))
    compat.settle_heap()
    handlers = Service(this).handlers()

    async def host(reader, writer):
        await _connection(reader, writer, handlers)

    async def peer(reader, writer):
        seller = Seller(this)
        try:
            await _connection(reader, writer, seller.handlers(), seller.patience)
        finally:
            seller.gone()

    tasks = [link.serve(host) for link in board.command_links]
    if board.peer_link:
        tasks += [board.peer_link.serve(peer), trading.run(this)]
    await asyncio.gather(sampler(this), *tasks)


async def _connection(reader, writer, handlers, patience=None):
    try:
        await rpc.serve(reader, writer, handlers, patience)
    except asyncio.TimeoutError:
        print("link: nothing came for too long")
    except Exception as error:
        # the boundary of one connection: whatever came over it ends it alone. Nothing is lost, the other end asks again
        rpc.trace("link", error)


async def sampler(this):
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
            rpc.trace("sampling", error)


def run(board):
    """Run a board until it is reset."""
    asyncio.run(serve(board))
