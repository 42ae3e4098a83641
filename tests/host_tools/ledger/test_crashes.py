"""Kill -9 in the middle of settling, and power cuts that take the end of the write-ahead log."""

import random
import shutil
import time

import pytest
from sealwright.ledger import Head, LedgerDamaged, LedgerError, NotALedger
from sealwright.ledger.chain import START

from tests.host_tools.ledger.conftest import World, holds, raws
from tests.host_tools.ledger.damage import dump, flip
from tests.host_tools.ledger.processes import Child

VOUCHERS = 150
OWN = 2  # rows that the ledger itself writes: its certificate and a funding


def trade(world):
    """A bundle that moves money with every message."""
    channel = world.payer.open(world.payee, 10 * VOUCHERS)
    vouchers = [world.payer.voucher(channel, 10 * n, seq=n) for n in range(1, VOUCHERS)]
    return raws(
        [
            *world.certificates,
            world.owner.deposit(world.payer, 10 * VOUCHERS),
            channel,
            *vouchers,
            world.payee.close(channel, claims=vouchers[-1:]),
        ]
    )


def test_kill_9_at_any_moment_loses_nothing_that_was_reported(tmp_path):
    draw = random.Random(9)
    rows, kills = set(), 0
    while kills < 40:
        world = World(tmp_path / f"ledger{kills}.db")
        bundle = trade(world)

        def settle(tell, world=world, bundle=bundle):
            for verdict in world.ledger().settle(bundle, batch=5):
                tell(verdict.ok)

        for verdicts in sorted(draw.choice((0, draw.randrange(VOUCHERS))) for _ in range(4)):
            child = Child(settle)
            # counted in verdicts and not in time, so that a slow machine is hit in the middle too
            reported = [child.next() for _ in range(verdicts)]
            time.sleep(draw.random() * 0.003)
            reported += child.kill()[0]
            kills += 1
            assert all(reported)
            if world.path.exists():  # it was killed before there was any
                report = world.ledger().audit()
                assert report.findings == () and report.messages >= len(reported)
                rows.add(report.messages)
            else:
                assert not reported
        with world.ledger() as ledger:
            assert {verdict.code for verdict in ledger.settle(bundle)} <= {"ok", "already_settled"}
            assert (holds(ledger, world.payer), holds(ledger, world.payee)) == (10, 10 * (VOUCHERS - 1))
            report = ledger.audit()
            assert report.findings == () and report.messages == len(bundle) + OWN
    assert len(rows - {len(bundle) + OWN}) > 5  # the kills did hit the middle


@pytest.fixture
def uncheckpointed(tmp_path):
    """A ledger whose last four batches are in the write-ahead log only, and its states after each batch."""
    world = World(tmp_path / "ledger.db")
    ledger, channel = world.opened()
    ledger.close()
    states, messages = [dump(world.path)], raws(world.payer.voucher(channel, n, seq=n) for n in range(1, 13))
    with world.ledger() as ledger:
        for start in range(0, 12, 3):
            assert world.codes(ledger, messages[start : start + 3]) == ["ok"] * 3
            states.append(dump(world.path))
        copy = World(tmp_path / "copy.db")
        shutil.copy(world.path, copy.path)
        shutil.copy(f"{world.path}-wal", f"{copy.path}-wal")
    return copy, states, messages


def damaged(copy, wal, main):
    """Write the two files anew and give the audit's report, or None if the ledger is refused."""
    copy.path.write_bytes(main)
    shm = copy.path.with_name(copy.path.name + "-shm")
    shm.unlink(missing_ok=True)
    copy.path.with_name(copy.path.name + "-wal").write_bytes(wal)
    try:
        with copy.ledger() as ledger:
            return ledger.audit()
    except LedgerError as error:
        assert isinstance(error, LedgerDamaged | NotALedger)
        return None


def test_a_file_that_is_put_back_beside_a_newer_log_is_left_as_it_is(tmp_path):
    world = World(tmp_path / "ledger.db")
    ledger, channel = world.opened()
    ledger.close()
    old = world.path.read_bytes()
    wal, shm = (world.path.with_name(world.path.name + end) for end in ("-wal", "-shm"))
    with world.ledger() as ledger:  # until the file has pages that the old one has not
        for n in range(1, 60):
            assert ledger.deposit(world.owner.deposit(world.payer, n).raw).ok
    with world.ledger() as ledger:
        assert world.codes(ledger, [world.payer.voucher(channel, 5)]) == ["ok"]
        newest, log = world.path.read_bytes(), wal.read_bytes()
    wal.write_bytes(log)
    world.path.write_bytes(old)
    for use in (lambda ledger: ledger.deposit(world.owner.deposit(world.payer, 99).raw), lambda ledger: ledger.head()):
        with world.ledger() as ledger, pytest.raises(LedgerDamaged, match="the last changes of another ledger.db"):
            use(ledger)
        assert world.path.read_bytes() == old and wal.read_bytes() == log
    for end in (wal, shm):
        end.unlink(missing_ok=True)
    with world.ledger() as ledger:  # this copy alone
        assert ledger.audit().ok and holds(ledger, world.payee) == 0
    for end in (wal, shm):
        end.unlink(missing_ok=True)
    wal.write_bytes(log)
    world.path.write_bytes(newest)
    with world.ledger() as ledger:  # and both of one moment
        assert ledger.audit().ok and holds(ledger, world.payee) == 5


def test_a_power_cut_that_takes_the_end_of_the_log_leaves_an_earlier_whole_state(uncheckpointed):
    copy, states, messages = uncheckpointed
    main, wal = copy.path.read_bytes(), copy.path.with_name("copy.db-wal").read_bytes()
    seen = set()
    for size in [*range(0, len(wal), len(wal) // 25), len(wal)]:
        report = damaged(copy, wal[:size], main)
        assert report is not None and report.ok
        seen.add(states.index(dump(copy.path)))
        with copy.ledger() as ledger:
            assert {verdict.code for verdict in ledger.settle(messages)} <= {"ok", "already_settled"}
            assert ledger.audit().ok and holds(ledger, copy.payee) == 12
    assert seen == {0, 1, 2, 3, 4}


def test_a_flipped_bit_in_the_write_ahead_log_takes_whole_batches_back_and_the_anchor_tells(uncheckpointed):
    copy, states, _ = uncheckpointed
    main, wal = copy.path.read_bytes(), copy.path.with_name("copy.db-wal").read_bytes()
    last = max(states[-1]["log"])
    anchor = Head(last[0], last[6])
    assert anchor.n == 18 and anchor.hash != START
    draw = random.Random(3)
    shorter = 0
    for _ in range(60):
        report = damaged(copy, flip(wal, draw.randrange(8 * len(wal))), main)
        if report is None or not report.ok:
            continue
        found = states.index(dump(copy.path))
        with copy.ledger() as ledger:
            assert ledger.audit(anchor).ok == (found == 4)
        shorter += found < 4
    assert shorter > 10
