"""`make hour`: an hour's trade of 3,600 units between two devices, one unit a second, paid by ticks and then settled.

Both devices run their own code over real frames, on a clock and a flash of the test. The awake time is computed, not
measured: signatures, checks and requests at the emulated Pico's figures (README, "Develop firmware").
"""

import asyncio
import sys
from dataclasses import dataclass, field

from tests.vectors.interpreters import ROOT, SEARCH

sys.path[:0] = [folder for folder in (*SEARCH, str(ROOT / "tests" / "parity")) if folder not in sys.path]

import rig  # noqa: E402
from seal import buyer, channel, cose, labels, link, rpc  # noqa: E402
from seal.records import IDENTITY_LEDGER, IDENTITY_RECORD, ORDER_RECORD  # noqa: E402
from seal.seller import Seller  # noqa: E402
from seal.service import Service  # noqa: E402
from sealwright.ledger import Ledger, LedgerIdentity  # noqa: E402
from sealwright.wire.messages import parse_message  # noqa: E402
from trades import PRICE, pair  # noqa: E402

from tests.host_tools.factory import Owner, key  # noqa: E402

SIGN_MS, VERIFY_MS, REQUEST_MS = 72, 39, 15  # emulated Pico; of a tick's request all but the radio
LEDGER_KEY = key("hour's ledger")


@dataclass
class Counts:
    """What a trade cost, as (buyer, seller) where both have their own."""

    units: int = 0
    requests: int = 0
    ticks: int = 0
    bytes: int = 0
    tick_bytes: int = 0
    vouchers: int = 0
    writes: list[int] = field(default_factory=lambda: [0, 0])
    signatures: list[int] = field(default_factory=lambda: [0, 0])
    checks: int = 0

    def awake_seconds(self, side: int) -> float:
        """Computed: signatures, checks (each side makes half of them) and requests."""
        ms = self.signatures[side] * SIGN_MS + self.checks / 2 * VERIFY_MS + self.requests * REQUEST_MS
        return ms / 1000


class CountingWire(rig.Loopback):
    """Real frames, counted."""

    def __init__(self, handlers, counts):
        super().__init__(handlers)
        self._counts = counts

    async def call(self, kind, item):
        counts = self._counts
        request = link.pack(counts.requests, kind, item)
        result = await super().call(kind, item)
        size = len(request) + len(link.pack(counts.requests, rpc.REPLY, result))
        counts.requests, counts.bytes = counts.requests + 1, counts.bytes + size
        if kind == rpc.TICK and item is not None:
            counts.ticks, counts.tick_bytes = counts.ticks + 1, counts.tick_bytes + size
        return result


class Hour:
    """A buyer and a seller on one ledger, and their trade. units: the budget."""

    def __init__(self, units, ticks=64):
        self.issuer, self.buying, self.selling = pair(
            spending=rig.policy(per_voucher=10**6, per_day=10**9), budget=units * PRICE, ticks=ticks
        )
        certificate = self.issuer.certificate(LEDGER_KEY.public.xy, roles=labels.ROLE_LEDGER)
        self.identity = LedgerIdentity((parse_message(certificate),), LEDGER_KEY)
        for device in (self.buying, self.selling):
            record = dict(device.journal.get(IDENTITY_RECORD))
            record[IDENTITY_LEDGER] = [certificate, self.issuer.root]
            device.journal.put(IDENTITY_RECORD, record)
            device.load()
            owner = device.owner_record()
            owner[16] = dict(owner.get(16, {}), credit=10**9, least_window=4 * 86400)
            device.journal.put("owner", owner)
        self.counts = Counts()
        self.start = self.selling.board.meter.joules
        self.seller = Seller(self.selling)
        wire = CountingWire(self.seller.handlers(), self.counts)
        self.session = buyer.Buyer(self.buying, self.buying.journal.get(ORDER_RECORD), wire)
        asyncio.run(self.session.agree())

    def trade(self, units, until_spent=False):
        """Use so many units, one a second; until_spent: and see the trade to its end."""
        devices, counts = (self.buying, self.selling), self.counts
        before = [device.board.store.changes for device in devices]
        signs = [_counted(device) for device in devices]
        verify, cose.Message.verify = cose.Message.verify, _counting(cose.Message.verify, counts)
        try:
            asyncio.run(self._run(units, until_spent))
        finally:
            cose.Message.verify = verify
        for side, device in enumerate(devices):
            counts.writes[side] += device.board.store.changes - before[side]
            counts.signatures[side] += len(signs[side])
        counts.units = self.selling.board.meter.joules - self.start
        counts.vouchers = self.buying.payer.records()[0][1][channel.SEQ]
        return counts

    async def _run(self, units, until_spent):
        for second in range(units + 5 * until_spent):
            self.selling.board.meter.joules += second < units
            for device in (self.buying, self.selling):
                device.board.clock.unix += 1
            if await self.session.step():
                break
        if until_spent:
            await self.session.close()

    def bundle(self, *devices):
        """What a collector brings of these devices: certificates, readings, and the messages of channels."""
        messages = [self.issuer.root, *self.buying.chain[:1], *self.selling.chain[:1]]
        for device in devices:
            messages += device.log.since(0, 10**6)
            messages += Service(device).channels(0)[2]
        return list(dict.fromkeys(messages))

    def ledger(self, path):
        """An empty ledger with a deposit of the buyer's budget."""
        owner = Owner(key("owner"))
        ledger = Ledger(
            path,
            [parse_message(self.issuer.root)],
            owners=[owner.key.public],
            clock=lambda: self.selling.board.clock.unix,
            identity=self.identity,
            longest_pause=None,
        )
        amount = self.session.order[5]
        deposit = owner.deposit(
            self.buying.device_id, amount, "nEUR", ledger=self.identity.id, not_after=rig.NOW + 10**6
        )
        assert ledger.deposit(deposit.raw).code == "ok"
        return ledger

    def settled(self, ledger, messages):
        """(verdict codes that are not good, what the seller's account holds)."""
        bad = [(one.code, one.why) for one in ledger.settle(messages) if not one.ok]
        held = [b.amount for b in ledger.balances() if (b.kind, b.name) == ("device", self.selling.device_id)]
        return bad, sum(held)


def _counted(device):
    """A list that grows with each signature of the device."""
    made, sign = [], device.signer.sign

    def counting(kind, payload, *more):
        made.append(kind)
        return sign(kind, payload, *more)

    device.signer.sign = counting
    return made


def _counting(verify, counts):
    def counting(message, public):
        counts.checks += 1
        return verify(message, public)

    return counting


def main(units=3600):
    """Print what an hour costs, beside a voucher for each unit."""
    import tempfile
    from pathlib import Path

    for ticks, part in ((64, units), (0, units // 20)):
        hour = Hour(part, ticks)
        counts = hour.trade(part, until_spent=True)
        with tempfile.TemporaryDirectory() as folder:
            bad, held = hour.settled(hour.ledger(Path(folder) / "ledger.db"), hour.bundle(hour.buying, hour.selling))
        print(f"{part:,} units, {f'a voucher for every {ticks} ticks' if ticks else 'a voucher for each'}:")
        print(f"  link          {counts.requests:,} requests, {counts.bytes:,} bytes; {counts.vouchers:,} vouchers")
        print(f"  flash         {counts.writes[0]:,} writes by the buyer, {counts.writes[1]:,} by the seller")
        print(f"  signatures    {counts.signatures[0]:,} and {counts.signatures[1]:,}; {counts.checks:,} checks in all")
        print(f"  awake         {counts.awake_seconds(0):.0f} s and {counts.awake_seconds(1):.0f} s, computed")
        print(f"  settled       {held:,} nEUR of {counts.units * PRICE:,} on the meter; refused: {bad or 'none'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
