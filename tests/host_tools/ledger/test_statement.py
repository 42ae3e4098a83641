"""Statements add up: opening and what moved is closing, and closing is what the ledger had then, month by month."""

import random
from datetime import UTC, datetime

import pytest
from sealwright.ledger import Funds, LedgerDamaged
from sealwright.ledger.statement import KINDS, PAID_IN, PAID_OUT, SHIFTED

from tests.host_tools.factory import DAY, NOW, hash32
from tests.host_tools.ledger import histories
from tests.host_tools.ledger.behind import is_file
from tests.host_tools.ledger.sharded import channel_in, divided
from tests.host_tools.ledger.test_law import raws_of

MONTHS = [int(datetime(2027, month, 1, tzinfo=UTC).timestamp()) for month in range(2, 8)]
ASSETS = ("credit", "nEUR")


def held(ledger, device):
    """Per asset what a device has now, counted from what the ledger says of every account and channel."""
    found = {}
    for balance in ledger.balances():
        if (balance.kind, balance.name) == ("device", device):
            found[balance.asset] = balance.amount, 0
    for channel in ledger.channels():
        if channel.payer == device:
            available, locked = found[channel.asset]
            found[channel.asset] = available, locked + channel.remaining
    return {asset: Funds(*sums) for asset, sums in found.items() if any(sums)}


def statements(ledger, device, start, end):
    return {one.asset: one for one in ledger.statements(device, start, end)}


def total(one):
    return Funds(
        one.opening.available + sum(line.change.available for line in one.lines),
        one.opening.locked + sum(line.change.locked for line in one.lines),
    )


class Life:
    """Six months of a ledger, drawn from a seed; what each device had at the end of each month."""

    def __init__(self, world, seed):
        self.world, self.random = world, random.Random(seed)
        self.third = world.network.device("third")
        self.devices = [world.payer, world.payee, self.third]
        self.opens, self.seq = [], 0
        self.known = []
        world.at = MONTHS[0]
        self.ledger = world.ledger()
        grants = [world.network.grant(device, issued_at=MONTHS[0]).raw for device in self.devices]
        rich = [world.owner.deposit(device, 2000, asset).raw for device in self.devices for asset in ASSETS]
        start = [*world.certificates, self.third.certificate.raw, *grants, *rich]
        assert set(world.codes(self.ledger, start)) == {"ok"}
        for end in MONTHS[1:]:
            for at in sorted(self.random.randrange(world.at, end) for _ in range(self.random.choice((0, 10, 40)))):
                world.at = at
                self.ledger.refund_ended()
                world.codes(self.ledger, [self.step()])
            world.at = end - 1
            self.ledger.refund_ended()
            self.known.append({device.id: held(self.ledger, device.id) for device in self.devices})

    def step(self):
        draw, owner = self.random, self.world.owner
        device, other = draw.sample(self.devices, 2)
        asset, kind = draw.choice(ASSETS), draw.randrange(16)
        if kind < 2:
            return owner.deposit(device, draw.randrange(1, 500), asset)
        if kind < 4:
            return owner.withdraw(device, draw.randrange(1, 100), asset)
        if kind < 7 or not self.opens:
            nonce, expires = draw.randbytes(16), self.world.at + draw.randrange(1, 30) * DAY
            peer = device if draw.random() < 0.1 else other
            opened = device.open(peer, draw.randrange(1, 200), asset=asset, nonce=nonce, expires=expires)
            self.opens.append((device, peer, opened))
            return opened
        payer, payee, opened = draw.choice(self.opens[-4:])
        if kind == 7:
            return draw.choice((payer, payee)).close(opened, self.world.at, draw.choice((None, ())))
        self.seq += 1
        return payer.voucher(opened, draw.randrange(1, 150), seq=self.seq, lane=draw.randrange(3))


@pytest.mark.parametrize("seed", (0, 1, 3))
def test_each_month_adds_up_to_what_the_ledger_had(world, seed):
    life = Life(world, seed)
    seen = set()
    for device in life.devices:
        before = {}
        for start, end, known in zip(MONTHS, MONTHS[1:], life.known, strict=False):
            found = statements(life.ledger, device.id, start, end)
            assert {asset: one.closing for asset, one in found.items() if any(one.closing)} == known[device.id]
            assert {asset: one.opening for asset, one in found.items() if any(one.opening)} == before
            for one in found.values():
                assert total(one) == one.closing and (one.start, one.end) == (start, end)
                assert all(start <= line.day < end and line.day % DAY == 0 for line in one.lines)
                seen |= {line.kind for line in one.lines}
            before = known[device.id]
        whole = statements(life.ledger, device.id, 0, MONTHS[-1])
        assert {asset: one.closing for asset, one in whole.items() if any(one.closing)} == before
        assert all(one.opening == (0, 0) for one in whole.values())
    assert seen == set(KINDS) - {SHIFTED}
    life.ledger.close()


def test_what_is_paid_out_is_paid_in(world):
    """Peer by peer, over all devices: money between devices goes nowhere else."""
    life = Life(world, 7)
    paid = {PAID_IN: {}, PAID_OUT: {}}
    for device in life.devices:
        for one in life.ledger.statements(device.id, 0, MONTHS[-1]):
            for line in one.lines:
                if line.kind in paid:
                    payer, payee = (device.id, line.peer) if line.kind == PAID_OUT else (line.peer, device.id)
                    place, amount = (line.day, one.asset, payer, payee), abs(sum(line.change))
                    paid[line.kind][place] = paid[line.kind].get(place, 0) + amount
    assert paid[PAID_IN] == paid[PAID_OUT] != {}
    life.ledger.close()


def test_histories_of_channels(world):
    world.network = histories.NETWORK
    for seed in range(3):
        drawn = histories.Drawing(seed)
        steps = [message for message, _ in [*drawn.start(rich=True), *drawn.draw(30)]]
        world.path = world.path.with_name(f"{seed}.db") if is_file(world.path) else world.path
        with world.ledger(owners=[histories.OWNER.key.public]) as ledger:
            world.codes(ledger, [*histories.CERTIFICATES, *(raw for step in steps for raw in raws_of(step))])
            world.at = NOW + 60 * DAY
            ledger.refund_ended()
            for device in (histories.PAYER, histories.PAYEE, histories.OTHER):
                found = statements(ledger, device.id, NOW, world.at + 1)
                closing = {asset: one.closing for asset, one in found.items()}
                assert {asset: sums for asset, sums in closing.items() if any(sums)} == held(ledger, device.id)
        if not is_file(world.path):
            break


def test_nobody_and_nothing(world):
    with world.ledger() as ledger:
        assert world.codes(ledger, world.certificates) == ["ok", "ok"]
        assert ledger.statements(world.payer.id, 0, 2**40) == []
        assert ledger.deposit(world.owner.deposit(world.payer, 5).raw).ok
        assert ledger.statements(hash32("nobody"), 0, 2**40) == []
        (one,) = ledger.statements(world.payer.id, NOW + 1, NOW + 2)
        assert one.opening == one.closing == (5, 0) and one.lines == ()
        assert ledger.statements(world.payer.id, 0, NOW) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET amount = amount + 1",
        "UPDATE accounts SET balance = balance - 1",
        "UPDATE channels SET remaining = remaining + 1",
    ],
)
def test_sums_that_are_not_the_ledgers_are_said(world, change):
    ledger, _ = world.opened(100)
    database = ledger._database(write=True)
    with database.writing():
        database.run(change)
    with pytest.raises(LedgerDamaged, match="do not add up"):
        ledger.statements(world.payer.id, 0, 2**40)
    ledger.close()


@pytest.mark.postgres
@pytest.mark.parametrize("of", [2, 3])
def test_a_ledger_in_shards_adds_up_over_all_of_them(of):
    """What goes from one shard to another is no movement of the device."""
    with divided(of) as world:
        opens = [channel_in(world, shard, of) for shard in range(of)]
        paid = [world.payer.voucher(one, 10 * (n + 1)) for n, one in enumerate(opens)]
        with world.ledger() as ledger:
            world.codes(ledger, [*world.certificates, world.owner.deposit(world.payer, 100 * of)])
            assert set(world.codes(ledger, [*paid, *opens])) == {"ok"}
            for device in (world.payer, world.payee):
                (one,) = ledger.statements(device.id, NOW, NOW + 1)
                assert total(one) == one.closing == held(ledger, device.id)["credit"]
                assert {line.kind for line in one.lines} <= set(KINDS) - {SHIFTED}
            assert one.closing.available == sum(10 * (n + 1) for n in range(of))
