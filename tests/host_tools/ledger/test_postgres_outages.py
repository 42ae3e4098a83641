"""Transactions that a real PostgreSQL ends: the settlement makes them again, and pays nothing twice.

Every error here is the server's own: a deadlock, a connection that it cut, a restart, a crash.
"""

import os
import signal
import threading
import time

import psycopg
import pytest
from sealwright.ledger import LedgerInterrupted, LedgerUnreachable, Moved
from sealwright.ledger import attempts as attempts_module
from sealwright.ledger.store.postgres import connecting
from sealwright.ledger.store.postgres.engine import PostgresDatabase

from tests.host_tools.ledger.behind import opened, rows
from tests.host_tools.ledger.conftest import World, holds, raws
from tests.host_tools.postgres import own_server, server

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def mortal():
    """A server that tests may stop."""
    made = own_server()
    yield made
    made.stop(signal.SIGQUIT)


def settled(world, ledger, channel, count=40, between=lambda n: None, **more):
    """Settle vouchers that pay 1 each, and readings, which only the run remembers; the codes."""
    paid = [world.payer.voucher(channel, n, seq=n) for n in range(1, count + 1)]
    found = []
    for n, verdict in enumerate(ledger.settle(raws(paid), **more)):
        found.append(verdict.code)
        between(n)
    return found


def all_is_paid_once(world, ledger, count=40):
    assert holds(ledger, world.payee) == count and ledger.audit().ok
    return True


def fails_at_first(place, state, times):
    """Have the server end the first transactions that write a voucher: a sequence does not go back with them."""
    with opened(place) as execute:
        execute("CREATE SCHEMA ill")
        execute("CREATE SEQUENCE ill.times")
        execute(
            f"""CREATE FUNCTION ill.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('ill.times') <= {times} THEN RAISE EXCEPTION 'as asked' USING ERRCODE = '{state}'; END IF;
            RETURN NEW; END $$"""
        )
        execute("CREATE TRIGGER fail BEFORE INSERT ON vouchers FOR EACH STATEMENT EXECUTE FUNCTION ill.fail()")


def cured(place):
    rows(place, "DROP TRIGGER fail ON vouchers")


@pytest.mark.parametrize("state", ["40001", "40P01", "08006", "57P01"])
def test_what_may_go_well_the_next_time_is_tried_again(world, state):
    ledger, channel = world.opened()
    fails_at_first(world.path, state, 3)
    moved = Moved()
    assert settled(world, ledger, channel, moved=moved) == ["ok"] * 40
    assert [(one.kind, one.amount) for one in moved] == [("paid", 40)]
    cured(world.path)
    assert all_is_paid_once(world, ledger)


def test_readings_of_an_attempt_that_failed_are_no_replay(world):
    ledger, channel = world.opened()
    fails_at_first(world.path, "40001", 2)
    readings = [world.payer.reading(seq=1), world.payer.voucher(channel, 5)]
    assert world.codes(ledger, readings) == ["ok", "ok"]


def test_attempts_that_fail_at_once_do_not_use_up_the_time(world, monkeypatch):
    """A server that comes back after a crash lets clients in and throws them out, many times in a second."""
    monkeypatch.setattr(attempts_module, "_PAUSE_SECONDS", 0.001)
    ledger, channel = world.opened()
    fails_at_first(world.path, "57P02", 3 * attempts_module.ATTEMPTS)
    assert settled(world, ledger, channel) == ["ok"] * 40
    cured(world.path)
    assert all_is_paid_once(world, ledger)


@pytest.mark.parametrize("state", ["40001", "23505"])
def test_it_does_not_try_for_ever(world, state, monkeypatch):
    monkeypatch.setattr(attempts_module, "_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(attempts_module, "_LEAST_SECONDS", 0.0)
    ledger, channel = world.opened()
    fails_at_first(world.path, state, 10**6)
    with pytest.raises(Exception) as caught:
        settled(world, ledger, channel)
    assert isinstance(caught.value, LedgerInterrupted) == (state == "40001")
    tried = rows(world.path, "SELECT last_value FROM ill.times")[0][0]
    assert tried == (attempts_module.ATTEMPTS if state == "40001" else 1)
    cured(world.path)
    assert holds(ledger, world.payee) == 0 and ledger.audit().ok


def test_a_deadlock(world, monkeypatch):
    """Another transaction has what this one needs, and wants what this one has; the server ends this one."""
    ledger, channel = world.opened()
    ended = []
    back_to = attempts_module.LedgerMemory.back_to
    monkeypatch.setattr(
        attempts_module.LedgerMemory, "back_to", lambda self, mark: (ended.append(1), back_to(self, mark))
    )
    ready = threading.Event()

    def other():
        with psycopg.connect(world.path, options="-c search_path=sealwright -c deadlock_timeout=1h") as connection:
            connection.execute("LOCK TABLE vouchers IN ACCESS EXCLUSIVE MODE")
            ready.set()
            for _ in range(6000):
                time.sleep(0.02)
                if connection.execute(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'vouchers'::regclass"
                ).fetchone()[0]:
                    break
            connection.execute("SELECT * FROM turn FOR UPDATE")

    thread = threading.Thread(target=other)
    thread.start()
    ready.wait()
    ledger._patience = 300
    ledger.close()
    assert settled(world, ledger, channel) == ["ok"] * 40
    thread.join()
    assert ended and all_is_paid_once(world, ledger)


def cut(database):
    """The server ends the connection, as at a shutdown."""
    pid = database._connection.info.backend_pid
    with psycopg.connect(server().url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.parametrize("before", ["SELECT digest, payer", "COPY", "COMMIT", "BEGIN"])
def test_a_connection_that_is_cut(world, monkeypatch, before):
    ledger, channel = world.opened()
    many, left = PostgresDatabase.run_many, [2]

    def cutting(method):
        def called(self, sql, *more):
            kind = "COPY" if method is many else sql
            if kind.startswith(before) and left[0] and self._connection.info.transaction_status is not None:
                left[0] -= 1
                cut(self)
            return method(self, sql, *more)

        return called

    for name in ("run", "row", "rows", "run_many"):
        monkeypatch.setattr(PostgresDatabase, name, cutting(getattr(PostgresDatabase, name)))
    assert settled(world, ledger, channel) == ["ok"] * 40
    monkeypatch.undo()
    assert not left[0] and all_is_paid_once(world, ledger)


def test_a_commit_that_nobody_told_us_of_is_found_in_the_log(world, monkeypatch):
    ledger, channel = world.opened()
    run, left = PostgresDatabase.run, [1]

    def lost(self, sql, *more):
        run(self, sql, *more)
        if sql == "COMMIT" and left[0] and rows(world.path, "SELECT count(*) FROM vouchers") == [(40,)]:
            left[0] = 0
            cut(self)
            run(self, "SELECT 1")  # raises what a commit does whose answer is lost

    monkeypatch.setattr(PostgresDatabase, "run", lost)
    moved = Moved()
    assert settled(world, ledger, channel, moved=moved) == ["ok"] * 40  # and not already_settled
    monkeypatch.undo()
    assert not left[0] and [(one.kind, one.amount) for one in moved] == [("paid", 40)]
    assert all_is_paid_once(world, ledger)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["orderly", "crash"])
def test_a_restart_of_the_server_is_waited_for(mortal, monkeypatch, how):
    monkeypatch.setattr("sealwright.ledger.store.postgres.engine.OUTAGE_SECONDS", 300)  # on a slow machine
    world = World(mortal.database())
    ledger, channel = world.opened()
    back = threading.Timer(1.5, mortal.start)

    def between(n):
        if n == 9:
            mortal.stop(how)
            back.start()

    assert settled(world, ledger, channel, between=between, batch=10) == ["ok"] * 40
    back.join()
    assert all_is_paid_once(world, ledger)


def test_readers_try_again_too(mortal):
    world = World(mortal.database())
    ledger = world.funded()
    assert holds(ledger, world.payer) == 1000
    mortal.stop()
    mortal.start()
    assert holds(ledger, world.payer) == 1000


def test_a_server_that_does_not_come_back_is_told_of(mortal, monkeypatch):
    world = World(mortal.database())
    ledger, channel = world.opened()
    monkeypatch.setattr("sealwright.ledger.store.postgres.engine.OUTAGE_SECONDS", 0.5)
    monkeypatch.setattr(connecting, "OUTAGE_SECONDS", 0.5)
    mortal.stop()
    try:
        with pytest.raises(LedgerUnreachable):
            settled(world, ledger, channel)
    finally:
        mortal.start()
    assert holds(ledger, world.payee) == 0 and settled(world, ledger, channel) == ["ok"] * 40


def test_kill_9_of_the_whole_server_keeps_what_was_reported(mortal):
    world = World(mortal.database())
    ledger, channel = world.opened()
    reported = []

    def between(n):
        reported.append(n)
        if n == 19:
            children = f"/proc/{mortal._process.pid}/task/{mortal._process.pid}/children"
            pids = [int(one) for one in open(children).read().split()] if os.path.exists(children) else []
            for pid in (mortal._process.pid, *pids):
                os.kill(pid, signal.SIGKILL)
            mortal._process.wait()
            time.sleep(0.2)
            mortal.start()
            assert rows(world.path, "SELECT count(*) FROM vouchers")[0][0] >= len(reported)

    assert settled(world, ledger, channel, between=between, batch=10) == ["ok"] * 40
    assert all_is_paid_once(world, ledger)
