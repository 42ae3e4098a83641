"""Kill -9 while many vouchers settle, of the settling process or of one that checks for it; and two settlers at once.

A sample; `make settle-kills` kills a settlement of 200,000 vouchers at 100 random moments.
"""

import os
import random
import signal
import time

import pytest
from sealwright.ledger.ahead import Ahead

from tests.host_tools.factory import hash32
from tests.host_tools.ledger.conftest import World, holds, raws
from tests.host_tools.ledger.processes import Child

KILLS = int(os.environ.get("SEALWRIGHT_KILLS", "6"))
VOUCHERS = int(os.environ.get("SEALWRIGHT_VOUCHERS", "600"))
CHANNELS = 20
BATCH = max(16, VOUCHERS // 400)


@pytest.fixture(scope="module")
def trade(tmp_path_factory):
    """What opens some channels, and vouchers in them that each pay 1 more."""
    world = World(tmp_path_factory.mktemp("trade") / "none.db")
    each = VOUCHERS // CHANNELS
    opens = [world.payer.open(world.payee, each, nonce=hash32(f"c{n}")[:16]) for n in range(CHANNELS)]
    paid = [world.payer.voucher(one, n, seq=n) for n in range(1, each + 1) for one in opens]
    return raws([*world.certificates, world.owner.deposit(world.payer, each * CHANNELS), *opens]), raws(paid)


def settling(world, messages, jobs):
    """Work for a child: it tells how many vouchers were settled anew, batch by batch, and first who helps it."""

    def work(tell):
        pool = Ahead._pool

        def noted(ahead):
            threads = pool(ahead)
            tell([process.pid for process in ahead._processes])
            return threads

        Ahead._pool = noted
        ok = 0
        with world.ledger(patience=60) as ledger:
            for n, verdict in enumerate(ledger.settle(messages, batch=BATCH, jobs=jobs)):
                assert verdict.ok
                ok += verdict.code == "ok"
                if n % BATCH == 0:
                    tell(ok)
            tell(ok)

    return work


def test_kills_at_random_moments_lose_nothing_and_pay_nothing_twice(place, trade):
    start, paid = trade
    world, draw = World(place), random.Random(13)
    with world.ledger() as ledger:
        assert all(verdict.ok for verdict in ledger.settle(start))
    settled, middles = 0, 0
    for kill in range(KILLS):
        child = Child(settling(world, paid, 2))
        until, reported = draw.randrange(max(1, (len(paid) - settled) * 2 // (KILLS - kill))), 0
        while reported < until:
            found = child.next()
            if isinstance(found, list):  # who checks signatures: dies now and then, too
                for pid in found if kill % 3 == 1 else ():
                    os.kill(pid, signal.SIGKILL)
            else:
                reported = found
                if settled + reported >= len(paid):
                    break
        time.sleep(draw.random() * 0.01)
        reported = max([reported, *(one for one in child.kill()[0] if isinstance(one, int))])
        with world.ledger() as ledger:
            after = holds(ledger, world.payee)
            assert settled + reported <= after <= len(paid), "what was reported is there"
            assert kill % 20 or ledger.audit().ok
        middles += settled < after < len(paid)
        settled = after
    assert middles >= min(3, KILLS // 2), "the kills did hit the middle"
    with world.ledger() as ledger:
        assert {verdict.code for verdict in ledger.settle([*paid, *start])} <= {"ok", "already_settled"}
        assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (0, len(paid))
        report = ledger.audit()
        assert report.ok and report.messages == 1 + len(start) + CHANNELS + len(paid)


def state(ledger):
    balances = sorted((one.kind, one.name, one.amount) for one in ledger.balances())
    return balances, sorted((one.digest, one.worth, one.paid) for one in ledger.channels())


def test_two_settlers_with_overlapping_shuffled_messages_come_to_one_state(place, tmp_path, trade):
    start, paid = trade
    messages, draw = [*start, *paid[:600]], random.Random(14)
    alone = World(tmp_path / "alone.db")
    with alone.ledger() as ledger:
        assert all(verdict.ok for verdict in ledger.settle(messages))
        expected = state(ledger)
    world = World(place)
    with world.ledger() as ledger:
        assert all(verdict.ok for verdict in ledger.settle(start))
    third = len(paid[:600]) // 3
    halves = [paid[: 2 * third], paid[third:600]]
    children = []
    for number, half in enumerate(halves):
        draw.shuffle(half)

        def work(tell, half=half, number=number):
            with world.ledger(patience=120) as ledger:
                for at in range(0, len(half), 50):  # a bundle each, so that the two take turns
                    for verdict in ledger.settle(half[at : at + 50], batch=9, newest_first=bool(number)):
                        assert verdict.ok, verdict
            tell("done")

        children.append(Child(work))
    for child in children:
        values, status = child.wait()
        assert (values, status) == (["done"], 0)
    with world.ledger() as ledger:
        assert state(ledger) == expected and ledger.audit().ok
