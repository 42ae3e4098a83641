"""What a tick costs a seller of metered units on an emulated Pico; a device under CPython buys from it by ticks."""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sealwright.emulator.series import parse_spec, write_series

from tests.pico.bench_trade import Selling
from tests.pico.rows import Row
from tests.pico.whole import ROOT, Whole  # it puts the device's code on the path

from rig import NOW, policy, provisioned  # isort: skip
from seal import buyer, rpc  # isort: skip
from seal.owner import Owner  # isort: skip
from seal.records import ORDER_RECORD  # isort: skip

COUNT = 20
PRICE = 3
SECONDS = 1  # of the guest's between two steps: the meter counts meanwhile

TAKEN = Row("a tick taken", "ms", 2)
REQUEST = Row("the whole request of a tick, with the meter's count", "ms", 15)

TIMED = """
taken = []
def timed(*arguments, kept=this.payee.take_tick):
    began = time.ticks_us()
    result = kept(*arguments)
    taken.append(time.ticks_diff(time.ticks_us(), began))
    return result
this.payee.take_tick = timed
"""


async def trade(guest: Whole, session: buyer.Buyer, selling: Selling) -> None:
    """Until the buyer has paid by COUNT ticks."""
    await session.agree()
    while len(selling.spent.get(rpc.TICK, [])) < COUNT:
        end = guest.pico.seconds + SECONDS
        guest.run(f"time.sleep({SECONDS})")
        assert guest.pico.seconds >= end
        await session.step()


def rows(uf2: Path, board: Path = ROOT / "boards" / "pico") -> Iterator[tuple[Row, float | None]]:
    """See `tests.pico.rows`."""
    with tempfile.TemporaryDirectory() as folder:
        series = Path(folder) / "ina219.series"
        write_series(parse_spec("ina219=measured,scale=1/5000"), series)
        guest = Whole(uf2, board, [series])
    guest.command("offer", ["nEUR", "J", PRICE])
    guest.run(TIMED)
    buying = provisioned(guest.issuer, policy())
    wanted = {1: "tcp:127.0.0.1:1", 2: guest.device_id, 3: "nEUR", 4: "J", 5: 1000 * PRICE, 7: 0}
    Owner(buying).command(guest.issuer.command(buying, "trade", wanted, seq=NOW))
    selling = Selling(guest)
    asyncio.run(trade(guest, buyer.Buyer(buying, buying.journal.get(ORDER_RECORD), selling), selling))
    yield TAKEN, statistics.median(map(int, guest.pico.run("print(*taken)").split())) / 1000
    yield REQUEST, selling.median(rpc.TICK)
