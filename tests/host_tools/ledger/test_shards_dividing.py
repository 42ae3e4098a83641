"""A ledger is divided into shards once, whole or not at all: its past, its rights and its tables."""

import os
import signal

import psycopg
import pytest
from sealwright.errors import Usage
from sealwright.ledger import Ledger, LedgerDivided, LedgerReadOnly, NotALedger
from sealwright.ledger.store.migrations import MIGRATIONS
from sealwright.ledger.store.postgres.engine import PostgresDatabase
from sealwright.ledger.store.postgres.roles import grants
from sealwright.wire.messages import parse_message

from tests.host_tools.factory import NOW, Network
from tests.host_tools.ledger.behind import rows
from tests.host_tools.ledger.conftest import World, holds, raws, traded
from tests.host_tools.ledger.processes import Child
from tests.host_tools.ledger.sharded import channel_in, divided, funded, sound, state
from tests.host_tools.ledger.test_postgres import later
from tests.host_tools.postgres import name_in, server

pytestmark = pytest.mark.postgres


@pytest.fixture
def world():
    with divided(3) as made:
        yield made


def test_a_ledger_with_a_past_is_divided_and_takes_nothing_of_it_twice():
    url = server().database()
    world = traded(World(url))
    with world.ledger() as ledger:
        old = [one for one in ledger.channels() if one.remaining][0]
        opened = next(e for e in ledger.entries() if e.type == "channel-open" and e.digest == old.digest)
        before, head, (point, _) = state(ledger), ledger.head(), ledger.checkpoint()
        raw = ledger.prove([opened.digest])[1][0].message
        deposits = {e.digest for e in ledger.entries() if e.type == "command"}
        orders = [ledger.prove([digest])[1][0].message for digest in deposits]
        running = world.ledger()
        assert [running.refund_ended() for _ in range(9)] == [0] * 9  # what is prepared is asked for, too
        assert ledger.divide(4) and not ledger.divide(4)
        assert state(ledger) == before and ledger.head().n == head.n + 1 and len(ledger.head().others) == 3
        for use in (running.refund_ended, running.balances):
            with pytest.raises(LedgerDivided):
                use()
        running.close()
        assert set(world.codes(ledger, [raw, *orders, *world.certificates])) == {"already_settled"}
        used = [parse_message(one).body for one in orders]
        again = [world.owner.deposit(one.device, 777, seq=one.seq) for one in used if one.op == "deposit"]
        assert set(world.codes(ledger, again)) == {"replay"}
        pays = world.payer.voucher(type(opened)._make(opened), 400, seq=50) if False else None
        assert pays is None
        new = [channel_in(world, shard, 4, 1, "new") for shard in range(4)]
        assert world.codes(ledger, [world.owner.deposit(world.payer, 9, seq=77), *new]) == ["ok"] * 5
        assert sound(ledger) and ledger.audit(head).ok
        assert ledger.checkpoint(point)[0].body.shards is not None
        with pytest.raises(Usage, match="has 4 shards already"):
            ledger.divide(2)
    server().drop(url)


def test_channels_of_before_go_on_where_they_are():
    with divided(1) as world, funded(world) as ledger:
        old = [channel_in(world, shard, 3) for shard in range(3)]
        first = [world.payer.voucher(one, 10) for one in old]
        assert world.codes(ledger, [*old, *first]) == ["ok"] * 6
        assert ledger.divide(3)
        more = [world.payer.voucher(one, 15 + n, seq=2) for n, one in enumerate(old)]
        bundle = [*old, *first, *more]
        assert set(world.codes(ledger, bundle, shards=[1, 2])) == {"other_shard"}
        assert world.codes(ledger, bundle, shards=[0]) == ["already_settled"] * 6 + ["ok"] * 3
        assert {shard for shard, _ in ledger.each_channel_in_shards()} == {0} and holds(ledger, world.payee) == 48
        assert world.codes(ledger, [world.payee.close(one) for one in old]) == ["ok"] * 3
        world.at = old[0].body.expires
        assert ledger.refund_ended() == 3 and holds(ledger, world.payer) == 252 and sound(ledger)


def test_who_settles_while_it_is_divided_is_told_and_loses_nothing():
    with divided(1) as world, world.ledger(patience=60) as ledger:
        channel = channel_in(world, 1, 2, 1000)
        assert world.codes(ledger, [*world.certificates, world.owner.deposit(world.payer, 1000), channel]) == ["ok"] * 4
        paid = raws(world.payer.voucher(channel, n, seq=n) for n in range(1, 1001))

        def work(tell):
            with world.ledger(patience=60) as running:
                count = 0
                try:
                    for verdict in running.settle(paid, batch=5):
                        count += verdict.code == "ok"
                        tell(count) if count == 50 else None
                except LedgerDivided as error:
                    tell(str(error))
                tell(count)

        child = Child(work)
        assert child.next() == 50
        assert ledger.divide(2)
        (said, count), status = child.wait()
        assert status == 0 and "was divided into shards meanwhile" in said and 50 <= count < 1000
        assert holds(ledger, world.payee) == count
        assert all(verdict.ok for verdict in ledger.settle(paid)) and holds(ledger, world.payee) == 1000
        assert sound(ledger)


def test_a_later_step_is_taken_in_every_shard(world, monkeypatch):
    funded(world).close()
    later(monkeypatch, "CREATE TABLE later (n INTEGER PRIMARY KEY REFERENCES log (n)) STRICT")
    with world.ledger() as ledger:
        with pytest.raises(NotALedger):
            ledger.balances()
        ledger.refund_ended()
        assert holds(ledger, world.payer) == 300
    for schema in ("sealwright", "sealwright_1", "sealwright_2"):
        assert rows(world.path, f"SELECT * FROM {schema}.later") == []
        assert rows(world.path, f"SELECT max(number) FROM {schema}.steps") == [(MIGRATIONS[-1].number + 1,)]


def test_who_settles_has_the_rights_for_all_shards(world):
    funded(world).close()
    name = name_in(world.path)
    server().run(*grants("s_settler", "s_reader", 3), database=name)
    logins = ("settler", "reader")
    server().run(*(f"DROP ROLE IF EXISTS s_{one}_login" for one in logins))
    server().run(*(f"CREATE ROLE s_{one}_login LOGIN IN ROLE s_{one}" for one in logins))
    try:
        place = server().place(name, user="s_settler_login")
        with World(place).ledger() as ledger:
            opens = [channel_in(world, shard, 3) for shard in range(3)]
            assert world.codes(ledger, [*opens, world.network.revoke(world.network.device("gone"))]) == ["ok"] * 4
            assert sound(ledger)
        for sql in ("UPDATE sealwright_1.log SET at = 0", "UPDATE sealwright_1.shard SET number = 9"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rows(place, sql)
        with World(server().place(name, user="s_reader_login")).ledger() as ledger:
            assert sound(ledger)
            with pytest.raises(LedgerReadOnly):
                ledger.refund_ended()
    finally:
        server().run("DROP OWNED BY s_settler, s_reader", database=name)
        server().run(*(f"DROP ROLE s_{one}_login" for one in logins))


@pytest.mark.parametrize("moment", ["divide", "begin_at", "run"])
def test_a_division_that_is_killed_is_none(moment, monkeypatch):
    with divided(1) as world:
        funded(world).close()

        def work(tell):
            method = getattr(PostgresDatabase, moment)

            def dying(self, *given):
                found = method(self, *given)
                if moment != "run" or (given[0].startswith("UPDATE shard") and self.shard.number == 1):
                    os.kill(os.getpid(), signal.SIGKILL)
                return found

            monkeypatch.setattr(PostgresDatabase, moment, dying)
            with world.ledger() as ledger:
                ledger.divide(2)

        assert Child(work).wait() == ([], signal.SIGKILL)
        with world.ledger(patience=60) as ledger:
            assert ledger.head().others == () and sound(ledger) and holds(ledger, world.payer) == 300
            assert ledger.divide(2) and len(ledger.head().others) == 1 and sound(ledger)


def test_what_would_not_be_accepted_is_not_divided():
    with divided(1) as world:
        with funded(world) as ledger:
            head = ledger.head()
        other = Network("other", "other root").root
        with Ledger(world.path, [other], identity=world.identity, clock=lambda: NOW) as ledger:
            with pytest.raises(Usage, match="row 1 of the log would not be accepted"):
                ledger.divide(2)
            assert ledger.head() == head
        with world.ledger() as ledger:
            assert ledger.divide(2) and sound(ledger)
