"""What a trade costs on an emulated Pico, as the seller and as the buyer; a device under CPython is the other side.

A time is a request's from its frame to the reply's frame, in the guest, without the link. It is the median of RUNS.
"""

import asyncio
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.pico.rows import Row
from tests.pico.whole import MEDIAN, ROOT, Whole  # it puts the device's code on the path

from rig import NOW, policy, provisioned  # isort: skip
from seal import buyer, cbor, rpc, seller  # isort: skip
from seal.owner import Owner  # isort: skip
from seal.records import ORDER_RECORD  # isort: skip

RUNS = 5

READING = Row("a reading, sampled and signed", "ms", 105)
HANDSHAKE = Row("handshake, hello to open", "ms", 480)
BILL = Row("a bill", "ms", 110)
PAYMENT = Row("a payment taken", "ms", 150)
FREE_SELLING = Row("least free heap while selling", "bytes", 90_000, is_least=True)
FREE_BUYING = Row("least free heap while buying", "bytes", 90_000, is_least=True)
PROMISE = Row("a voucher promised and its receipt checked", "ms")
SIZE = Row("the firmware, compiled", "bytes")

BUY = """
from seal import trading, buyer
def exchange(kind, item):
    return (yield kind, item)
class Client:
    async def call(self, kind, item):
        return await exchange(kind, item)
session = buyer.Buyer(this, this.journal.get("order"), Client())
spent = 0
def step(reply):
    global spent
    began = time.ticks_us()
    try:
        asked = [True, list(task.send(reply))]
    except StopIteration as end:
        asked = [False, end.value]
    spent += time.ticks_diff(time.ticks_us(), began)
    asked = cbor.encode(asked)
    write(asked)
    print()
    asked = None
    gc.collect()
    print(gc.mem_free())
"""


class Selling:
    """A guest that sells, as a client of `buyer.Buyer`; notes the milliseconds of each kind of request."""

    def __init__(self, guest: Whole) -> None:
        self._guest = guest
        self.spent: dict[int, list[float]] = {}

    async def call(self, kind: int, item: object) -> Any:
        result = self._guest.ask("selling", kind, item)
        self.spent.setdefault(kind, []).append(self._guest.whole)
        return result

    def median(self, kind: int) -> float:
        return statistics.median(self.spent[kind])


def sell(guest: Whole, unit: str = "reading") -> Selling:
    """A trade of RUNS payments in which the guest sells."""
    guest.command("offer", ["nEUR", unit, 3])
    buying = provisioned(guest.issuer, policy())
    wanted = {1: "tcp:127.0.0.1:1", 2: guest.device_id, 3: "nEUR", 4: unit, 5: 3 * RUNS, 7: 0}
    Owner(buying).command(guest.issuer.command(buying, "trade", wanted, seq=NOW))
    selling = Selling(guest)
    session = buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), selling)

    async def trade() -> None:
        await session.agree()
        for _ in range(RUNS):
            await session.step()
        await session.close()

    asyncio.run(trade())
    return selling


def buy(guest: Whole) -> float:
    """A trade of RUNS payments in which the guest buys; milliseconds of one on its side."""
    selling = provisioned(guest.issuer, joules=1000)
    Owner(selling).command(guest.issuer.command(selling, "offer", ["nEUR", "reading", 3]))
    selling.log.append(selling.board.meter.read())
    wanted = {1: "uart:1", 2: selling.device_id, 3: "nEUR", 4: "reading", 5: 100 * RUNS, 7: 0}
    guest.command("trade", wanted)
    guest.run(BUY)
    handlers = seller.Seller(selling).handlers()

    def drive(task: str) -> None:
        guest.run(f"task = session.{task}()")
        reply: object = None
        while True:
            guest.pico.give("reply", cbor.encode(reply))
            printed = guest.pico.run("reply = cbor.decode(bytes(reply))\nstep(reply)\nreply = None").splitlines()
            guest.note("buying", int(printed[1]))
            goes_on, asked = cbor.decode(bytes.fromhex(printed[0]))
            if not goes_on:
                return
            kind, reply = rpc.answer(handlers, *asked)
            if kind == rpc.ERROR:
                raise rpc.PeerError(reply[0])

    drive("agree")
    times = []
    for _ in range(RUNS):
        guest.run("spent = 0")
        drive("step")
        times.append(guest.number("print(spent)") / 1000)
    drive("close")
    return statistics.median(times)


def rows(uf2: Path, board: Path = ROOT / "boards" / "pico") -> Iterator[tuple[Row, float | None]]:
    """See `tests.pico.rows`."""
    guest = Whole(uf2, board)
    yield SIZE, guest.size
    guest.run(MEDIAN)
    yield READING, guest.number("median(this.sample)") / 1000
    selling = sell(guest)
    handshake = (rpc.HELLO, rpc.PROVE, rpc.OPEN)
    for kind, name in zip(handshake, ("hello", "prove", "open"), strict=True):
        yield Row("  " + name, "ms"), selling.median(kind)
    yield HANDSHAKE, sum(map(selling.median, handshake))
    yield BILL, selling.median(rpc.BILL)
    yield PAYMENT, selling.median(rpc.PAY)
    yield PROMISE, buy(guest)
    yield FREE_SELLING, guest.free["selling"]
    yield FREE_BUYING, guest.free["buying"]
    for what, size in guest.free.items():
        yield Row("heap: " + what, "bytes"), size
