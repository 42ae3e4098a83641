"""Settlers side by side on real processes: they never wait for each other for ever, and a kill loses nothing.

A deadlock would be ended by the server and tried again unseen, so its own count of them is looked at. SEALWRIGHT_KILLS
says how often settlers are killed.
"""

import os
import random
import signal
import threading
import time

import pytest
from sealwright.ledger import Moved
from sealwright.ledger.store.postgres.engine import PostgresDatabase

from tests.host_tools.factory import hash32
from tests.host_tools.ledger.behind import rows
from tests.host_tools.ledger.conftest import World, holds, raws
from tests.host_tools.ledger.processes import Child
from tests.host_tools.ledger.sharded import channel_in, divided, sound, state
from tests.host_tools.ledger.test_postgres_outages import cut
from tests.host_tools.postgres import own_server

pytestmark = pytest.mark.postgres
CHANNELS, EACH = 10, 12
KILLS = int(os.environ.get("SEALWRIGHT_KILLS", "6"))


class Trade:
    """Money for two devices, that pay each other in channels of both shards, and take some out."""

    def __init__(self, tmp_path):
        world = self.world = World(tmp_path / "alone.db")
        one, two = world.payer, world.payee
        opens = [
            payer.open(payee, EACH, nonce=hash32(f"{n} {payer.id}")[:16])
            for payer, payee in ((one, two), (two, one))
            for n in range(CHANNELS)
        ]
        payers = {one.id: one, two.id: two}
        paid = [payers[o.body.payer].voucher(o, n, seq=n) for n in range(1, EACH + 1) for o in opens]
        deposits = [world.owner.deposit(device, EACH * CHANNELS // 2, seq=n) for device in (one, two) for n in (1, 2)]
        grants = [world.network.grant(one), world.network.grant(two)]
        self.start = raws([*world.certificates, *grants, *deposits, *opens])
        self.orders = raws([world.owner.withdraw(device, EACH * CHANNELS, seq=50) for device in (one, two)])
        self.paid = raws(paid)

    def alone(self):
        """What one settler comes to with all of it in one file."""
        with self.world.ledger() as ledger:
            assert all(verdict.ok for verdict in ledger.settle([*self.start, *self.paid]))
            assert all(verdict.ok for verdict in ledger.settle(self.orders))
            return state(ledger)


@pytest.fixture(scope="module")
def trade(tmp_path_factory):
    made = Trade(tmp_path_factory.mktemp("trade"))
    made.expected = made.alone()
    return made


def settling(path, bundles, shards):
    """Work for a child: it tells how many messages hold, bundle by bundle."""

    def work(tell):
        with World(path).ledger(patience=120) as ledger:
            for bundle in bundles:
                codes = [one.code for one in ledger.settle(bundle, batch=16, shards=shards)]
                tell(sum(code in ("ok", "already_settled", "superseded") for code in codes))

    return work


def bundles(trade, draw, size=40, upto=None):
    """All of it but the orders, or the first `upto` vouchers, shuffled, in bundles, the first third twice."""
    messages = [*trade.start, *trade.paid[:upto]]
    draw.shuffle(messages)
    messages += messages[: len(messages) // 3]
    return [messages[at : at + size] for at in range(0, len(messages), size)]


def finished(trade, path):
    """Whatever is missing comes once more, and then it is what one settler alone comes to."""
    with World(path).ledger(patience=120) as ledger:
        assert all(one.ok for one in ledger.settle([*trade.start, *trade.paid]))
        assert all(one.ok for one in ledger.settle(trade.orders))
        assert state(ledger) == trade.expected
        return sound(ledger)


def test_two_settlers_that_both_need_all_shards_all_the_time(trade):
    with divided(2) as world:
        draw = random.Random(7)
        ends = []
        for shards in ([0], [1], None):
            ends.append(Child(settling(world.path, bundles(trade, draw), shards)))
        for child in ends:
            assert child.wait()[1] == 0
        assert deadlocks(world.path) == 0
        report = finished(trade, world.path)
        shifts = rows(world.path, "SELECT count(*) FROM messages WHERE type = 'shift'")[0][0]
        assert shifts and report.channels == 2 * CHANNELS


def test_settlers_that_take_all_turns_again_and_again_never_wait_in_a_circle():
    """A channel-open that nothing covers needs all shards each time, and is refused each time."""
    with divided(3) as world:
        with world.ledger() as ledger:
            assert set(world.codes(ledger, world.certificates)) == {"ok"}
        again = raws(channel_in(world, shard, 3) for shard in range(3))
        ends = [Child(settling(world.path, [again] * 12, shards)) for shards in ([0], [1, 2], None)]
        for child in ends:
            values, status = child.wait()
            assert status == 0 and len(values) == 12
        assert deadlocks(world.path) == 0


def deadlocks(path):
    """How many the server has ended: told by its processes as they end."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while rows(path, sql) != [(0,)]:
        time.sleep(0.02)
    return rows(path, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]


def test_kills_of_settlers_lose_nothing_and_pay_nothing_twice(trade):
    with divided(3) as world:
        draw, middles = random.Random(8), 0
        for kill in range(KILLS):
            upto = len(trade.paid) * (kill + 1) // KILLS
            parts = [bundles(trade, draw, 20, upto) for _ in range(2)]
            children = [Child(settling(world.path, part, [[0], [1, 2]][n])) for n, part in enumerate(parts)]
            if draw.random() < 0.7:
                children[kill % 2].next()
            time.sleep(draw.random() * 0.1)
            for child in children:
                child.kill()
            with world.ledger(patience=60) as ledger:
                assert kill % 3 or sound(ledger)
                found = [one.code for one in ledger.settle([*trade.start, *trade.paid[:upto]])]
                middles += "ok" in found
        assert middles >= 2, "the kills did hit the middle"
        finished(trade, world.path)


def test_a_crash_of_the_server_while_two_settle(trade):
    mortal = own_server()
    path = mortal.database()
    try:
        with World(path).ledger() as ledger:
            assert ledger.divide(2)
        draw = random.Random(9)
        children = [Child(settling(path, bundles(trade, draw, 60), [n])) for n in range(2)]
        for _ in range(2):
            children[0].next()
            mortal.stop(signal.SIGQUIT)
            mortal.start()
        assert [child.wait()[1] for child in children] == [0, 0]
        finished(trade, path)
    finally:
        mortal.stop(signal.SIGQUIT)


@pytest.mark.parametrize("before", ["commit", "lost"])
def test_a_connection_that_is_cut_at_the_end_of_a_transaction_of_all_shards(monkeypatch, before):
    with divided(2) as world, world.ledger() as ledger:
        assert world.codes(ledger, [*world.certificates, world.owner.deposit(world.payer, 100)]) == ["ok"] * 3
        opens = [channel_in(world, shard, 2, 50) for shard in range(2)]
        run, left = PostgresDatabase.run, [1]

        def cutting(self, sql, *more):
            if sql == "COMMIT" and len(self.shards) > 1 and left[0]:
                left[0] = 0
                if before == "lost":
                    run(self, sql, *more)
                    sql = "SELECT 1"  # raises what a commit does whose answer is lost
                cut(self)
            run(self, sql, *more)

        monkeypatch.setattr(PostgresDatabase, "run", cutting)
        moved = Moved()
        assert world.codes(ledger, opens, moved=moved) == ["ok", "ok"]
        monkeypatch.undo()
        assert not left[0] and [(one.kind, one.amount) for one in moved] == [("locked", 100)]
        assert holds(ledger, world.payer) == 0 and sound(ledger)


def test_who_has_one_turn_holds_up_nobody_in_another_shard():
    with divided(2) as world, world.ledger(patience=0.3) as ledger:
        assert world.codes(ledger, [*world.certificates, world.owner.deposit(world.payer, 100)]) == ["ok"] * 3
        opens = [channel_in(world, shard, 2, 50) for shard in range(2)]
        assert world.codes(ledger, opens) == ["ok", "ok"]
        database = PostgresDatabase.open(world.path, write=True, patience=1)
        paid = [world.payer.voucher(one, 5) for one in opens]
        with database.shards[0].writing():
            found = []
            thread = threading.Thread(
                target=lambda: found.extend(world.codes(world.ledger(patience=0.3), paid, shards=[1]))
            )
            thread.start()
            thread.join()
            assert found == ["other_shard", "ok"]
        database.close()
        assert world.codes(ledger, paid) == ["ok", "already_settled"]
