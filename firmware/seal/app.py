"""The device's main program: answers its links, samples its sensors, carries out its owner's order.

One asyncio loop; every handler runs to its end before another begins, so no two of them interleave in the journal.
"""

import asyncio

from . import buyer, device, rpc
from .errors import SealError
from .seller import Seller
from .service import Service


async def serve(board):
    """Run a board for ever. board: port Board."""
    this = device.Device(board)
    this.load()
    print("sealwright: %s" % ("damaged: %s" % this.fault if this.fault else "ready"))
    handlers = Service(this).handlers()

    async def host(reader, writer):
        await _connection(reader, writer, handlers)

    async def peer(reader, writer):
        seller = Seller(this)
        try:
            await _connection(reader, writer, seller.handlers())
        finally:
            seller.gone()

    tasks = [link.serve(host) for link in board.command_links]
    if board.peer_link:
        tasks += [board.peer_link.serve(peer), buyer.run(this)]
    await asyncio.gather(sampler(this), *tasks)


async def _connection(reader, writer, handlers):
    try:
        await rpc.serve(reader, writer, handlers)
    except OSError as error:
        print("link: %s" % error)  # the other end has gone: nothing is lost, it asks again


async def sampler(this):
    """Append a reading at the owner's interval while provisioned, on a board that has sensors."""
    while True:
        if this.state != device.PROVISIONED or not this.board.sensors:
            await asyncio.sleep(0.2)
            continue
        interval = this.owner_record().get(device.INTERVAL, device.DEFAULT_INTERVAL)
        try:
            this.sample()
            this.sensor_fault = None
        except (SealError, OSError) as error:
            # readings wait, the rest goes on: a full flash or a broken sensor must not stop a machine that sells power
            this.sensor_fault = rpc.error_code(error)
            print("sampling: %s" % error)
        await asyncio.sleep(interval)


def run(board):
    """Run a board until it is reset."""
    asyncio.run(serve(board))
