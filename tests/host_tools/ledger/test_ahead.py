"""Other processes check signatures: the verdicts are the same, whatever becomes of these processes."""

import os
import signal

import pytest
from sealwright.ledger import LedgerBusy
from sealwright.ledger.ahead import Ahead
from sealwright.ledger.attempts import Log
from sealwright.wire.keys import checking

from tests.host_tools.factory import hash32
from tests.host_tools.ledger.conftest import World, raws

CHANNELS = 5


def bundle(world):
    """Opens and vouchers of several channels; some are forged, some come twice, one is no message."""
    capacity = 1000
    opens = [world.payer.open(world.payee, capacity, nonce=hash32(f"c{n}")[:16]) for n in range(CHANNELS)]
    paid = [world.payer.voucher(one, 10 * n, seq=n) for n in range(1, 25) for one in opens]
    forged = [world.payee.voucher(one, 500, seq=40) for one in opens]
    broken = [one.raw[:-1] + bytes([one.raw[-1] ^ 1]) for one in paid[30:35]]
    start = [*world.certificates, world.owner.deposit(world.payer, CHANNELS * capacity), *opens]
    return raws([*start, *paid[:60], *forged, *broken, *paid[55:], b"\xa0", *paid[:3]])


def settled(path, asked=None, batch=20, **more):
    world = World(path)
    messages = bundle(world)
    with world.ledger() as ledger:
        verdicts = [(one.n, one.code) for one in ledger.settle(messages, batch=batch, **more)]
        assert ledger.audit().ok
        return verdicts, [(one.digest, one.paid) for one in ledger.channels()]


@pytest.fixture
def asked(monkeypatch):
    """How many signatures each question to a process was about; `asked.before` is called before one is asked."""

    class Asked(list):
        before = staticmethod(lambda: None)

    found, ask = Asked(), checking.ask

    def noted(questions, sink, source):
        found.before()
        answer = ask(questions, sink, source)
        found.append(len(answer))
        return answer

    monkeypatch.setattr(checking, "ask", noted)
    return found


@pytest.mark.parametrize("newest_first", [False, True])
def test_any_number_of_processes_comes_to_the_same(tmp_path, asked, newest_first):
    way = {"newest_first": newest_first, "batch": 4}
    alone = settled(tmp_path / "1.db", **way)
    assert not asked and {code for _, code in alone[0]} >= {"ok", "malformed"}
    for jobs in (2, 3):
        asked.clear()
        assert settled(tmp_path / f"{jobs}.db", **way, jobs=jobs) == alone
        assert sum(asked) > 5


@pytest.mark.parametrize("readable", [True, False])
def test_keys_that_the_ledger_knows_are_checked_ahead_from_the_first_batch(tmp_path, asked, monkeypatch, readable):
    world = World(tmp_path / "1.db")
    opens = world.payer.open(world.payee, 1000)
    paid = raws([world.payer.voucher(opens, 10 * n, seq=n) for n in range(1, 41)])
    with world.ledger() as ledger:
        list(ledger.settle(raws([*world.certificates, world.owner.deposit(world.payer, 1000), opens])))
    if not readable:
        monkeypatch.setattr(Ahead, "_recall", busy_at_first(Ahead._recall))
    with world.ledger() as ledger:
        assert {one.code for one in ledger.settle(paid, batch=8, jobs=2)} == {"ok"}
        assert ledger.audit().ok and [one.paid for one in ledger.channels()] == [400]
    assert sum(asked) == 40 if readable else 0 < sum(asked) < 40


def busy_at_first(recall):
    """A ledger that another process writes when it is read the first time."""
    tried = []

    def failing(log):
        raise LedgerBusy("it is being written")

    def recalled(ahead, kids):
        tried.append(kids)
        with pytest.MonkeyPatch.context() as patch:
            if len(tried) == 1:
                patch.setattr(Log, "begin", failing)
            recall(ahead, kids)

    return recalled


def test_what_a_process_says_is_what_counts(tmp_path, asked, monkeypatch):
    """Else it would be asked for nothing."""
    real = checking.ask
    monkeypatch.setattr(checking, "ask", lambda *given: dict.fromkeys(real(*given), False))
    codes = {code for _, code in settled(tmp_path / "1.db", jobs=2)[0]}
    assert "bad_signature" in codes or "unknown_signer" in codes
    assert settled(tmp_path / "2.db", jobs=2)[1] != settled(tmp_path / "3.db", jobs=1)[1]


def test_a_process_that_is_killed_costs_time_alone(tmp_path, asked, monkeypatch):
    alone = settled(tmp_path / "1.db")
    made = []
    pool = Ahead._pool

    def kept(ahead):
        made.append(ahead)
        return pool(ahead)

    def kill():
        if len(asked) == 1:
            for process in made[0]._processes:
                process.kill()
                process.wait()

    monkeypatch.setattr(Ahead, "_pool", kept)
    asked.before = kill
    assert settled(tmp_path / "2.db", jobs=2) == alone
    assert len(asked) == 1, "it answered once, and was killed"


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_slow_stream_is_not_waited_for(tmp_path, newest_first):
    world, drawn = World(tmp_path / "ledger.db"), []
    messages = (drawn.append(raw) or raw for raw in bundle(world))
    with world.ledger() as ledger:
        verdicts = ledger.settle(messages, batch=2, window=2, jobs=3, newest_first=newest_first)
        next(verdicts)
        assert len(drawn) == 2
        verdicts.close()


def test_an_interrupt_leaves_no_process_behind(tmp_path, monkeypatch):
    world = World(tmp_path / "ledger.db")
    made, pool = [], Ahead._pool
    monkeypatch.setattr(Ahead, "_pool", lambda ahead: made.append(ahead) or pool(ahead))
    with world.ledger() as ledger:
        verdicts = ledger.settle(bundle(world), batch=10, jobs=3)
        for _ in range(60):
            next(verdicts)
        processes = list(made[0]._processes)
        assert len(processes) == 2 and all(process.poll() is None for process in processes)
        for process in processes:
            assert os.getpgid(process.pid) == process.pid  # else a terminal would send it to all of them
            os.kill(process.pid, signal.SIGINT)
        next(verdicts)
        verdicts.close()
        assert [process.poll() for process in processes] == [0, 0]
