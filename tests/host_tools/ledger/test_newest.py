"""Newest first: of each lane the best voucher is checked, and money comes out as if each had been."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.ledger import ledger as ledger_module
from sealwright.wire.keys import PublicKey
from sealwright.wire.messages import parse_message
from sealwright.wire.messages.bodies import parse_strictly
from sealwright.wire.messages.plain import plain_voucher

from tests.host_tools.factory import DAY, NOW, hash32
from tests.host_tools.ledger.conftest import holds
from tests.host_tools.ledger.histories import Drawing
from tests.host_tools.ledger.reference import Reference
from tests.host_tools.ledger.test_law import MANY, began, finish, outcome, raws_of, split
from tests.host_tools.mutate import Mutator


def forged(message):
    return message.raw[:-1] + bytes((message.raw[-1] ^ 1,))


@pytest.fixture
def checked(monkeypatch):
    """The digests whose signatures were checked."""
    seen = []
    for name in ("verify", "verify_once"):
        plain = getattr(PublicKey, name)
        monkeypatch.setattr(PublicKey, name, lambda *its, plain=plain: (seen.append(its[1]), plain(*its))[1])
    return seen


def settle(world, ledger, messages, **more):
    return world.codes(ledger, messages, newest_first=True, **more)


def test_the_best_of_a_lane_is_checked_and_the_others_are_superseded(world, checked):
    ledger, channel = world.opened()
    vouchers = [world.payer.voucher(channel, n * 10, seq=n) for n in range(1, 51)]
    rows = ledger.head().n
    assert settle(world, ledger, vouchers) == ["superseded"] * 49 + ["ok"]
    assert {message.digest for message in vouchers} & set(checked) == {vouchers[-1].digest}
    assert (holds(ledger, world.payee), ledger.head().n) == (500, rows + 1)
    assert ledger.audit().ok
    assert settle(world, ledger, vouchers) == ["superseded"] * 49 + ["already_settled"]


def test_what_is_superseded_is_said_to_be_unchecked(world):
    ledger, channel = world.opened()
    low, high = (world.payer.voucher(channel, n, seq=n) for n in (1, 2))
    (verdict,) = [v for v in ledger.settle([low.raw, high.raw], newest_first=True) if v.n == 0]
    assert verdict.ok and verdict.signer is None and verdict.device is None and "not checked" in verdict.why
    assert verdict.message.body == low.body


@pytest.mark.parametrize("bad", [1, 2, 3, 17])
def test_where_the_best_does_not_hold_the_next_does(world, bad):
    ledger, channel = world.opened()
    vouchers = [world.payer.voucher(channel, n * 10, seq=n) for n in range(1, 31)]
    messages = [*vouchers[:-bad], *map(forged, vouchers[-bad:])]
    found = settle(world, ledger, messages)
    assert found[-bad:] == ["bad_signature"] * bad and holds(ledger, world.payee) == (30 - bad) * 10
    assert set(found[:-bad]) <= {"superseded", "ok"}


def test_a_stranger_s_better_voucher_pushes_nothing_out(world):
    ledger, channel = world.opened()
    stranger = world.network.device("stranger")
    vouchers = [world.payer.voucher(channel, 40, seq=1), stranger.voucher(channel, 900, seq=9)]
    assert settle(world, ledger, [stranger.certificate, *vouchers]) == ["ok", "ok", "not_a_party"]
    assert holds(ledger, world.payee) == 40


def test_vouchers_that_come_before_their_channel_wait_for_it(world, checked):
    ledger = world.funded()
    channel = world.payer.open(world.payee)
    vouchers = [world.payer.voucher(channel, n, seq=n) for n in range(1, 20)]
    assert settle(world, ledger, [*vouchers, channel]) == ["superseded"] * 18 + ["ok", "ok"]
    assert len({message.digest for message in vouchers} & set(checked)) == 1
    other = world.payer.voucher(hash32("no channel"), 5)
    assert settle(world, ledger, [other]) == ["unknown_channel"]


def test_two_vouchers_of_one_number_are_a_contradiction_as_ever(world):
    ledger, channel = world.opened()
    pay = world.payer.voucher
    twins = pay(channel, 30, seq=2), pay(channel, 29, seq=2)
    found = settle(world, ledger, [pay(channel, 10), *twins, pay(channel, 90, seq=3)])
    assert found == ["superseded", "ok", "equivocation", "ok"]
    assert [tuple(pair) for pair in ledger.equivocations()] == [tuple(twin.raw for twin in twins)]
    assert settle(world, ledger, [pay(channel, 89, seq=3)]) == ["equivocation"]  # of one that the log has
    assert holds(ledger, world.payee) == 90


def test_less_under_a_higher_number_is_told(world):
    ledger, channel = world.opened()
    pay = world.payer.voucher
    assert settle(world, ledger, [pay(channel, 50, seq=1), pay(channel, 10, seq=2)]) == ["ok", "amount_decreased"]


def test_a_receipt_has_its_voucher_checked(world, checked):
    ledger, channel = world.opened()
    low, other, high = (world.payer.voucher(channel, n, seq=n) for n in (1, 2, 3))
    receipt = world.payee.receipt(low)
    assert settle(world, ledger, [low, other, high, receipt]) == ["ok", "superseded", "ok", "ok"]
    assert settle(world, ledger, [world.payee.receipt(other)]) == ["receipt_mismatch"]  # of another call: not known
    assert low.digest in checked


def test_a_receipt_in_a_later_window_has_its_voucher_checked(world, monkeypatch):
    monkeypatch.setattr(ledger_module, "WINDOW", 2)
    ledger, channel = world.opened()
    low, high = (world.payer.voucher(channel, n, seq=n) for n in (1, 2))
    options = {"batch": 2}
    assert settle(world, ledger, [low, high, world.payee.receipt(low)], **options) == ["superseded", "ok", "ok"]
    worse = world.payer.voucher(channel, 1, seq=1, lane=1), world.payer.voucher(channel, 2, seq=2, lane=1)
    messages = [forged(worse[0]), worse[1], world.payee.receipt(worse[0])]
    assert settle(world, ledger, messages, **options) == ["superseded", "ok", "receipt_mismatch"]


def test_after_the_claim_s_end_nothing_is_superseded(world):
    ledger, channel = world.opened()
    vouchers = [world.payer.voucher(channel, n, seq=n) for n in (1, 2)]
    settle(world, ledger, vouchers[1:])
    world.at = NOW + 40 * DAY
    assert settle(world, ledger, [vouchers[0]]) == ["expired"]


@MANY
@given(st.integers(0, 2**32), st.integers(0, 20), st.sampled_from((2, 7, 16384)))
def test_newest_first_does_what_the_reference_does(seed, length, window):
    """Random histories, honest and hostile, in any order and split: the law's money, and a sound log."""
    draw, model, drawing = random.Random(seed), Reference(), Drawing(seed, sound=True)
    patched = pytest.MonkeyPatch()
    patched.setattr(ledger_module, "WINDOW", window)
    with began(drawing, model) as clocked, patched.context():
        steps = drawing.draw(length)
        draw.shuffle(steps)
        for part in split(draw, steps):
            clocked.settle(part, newest_first=True, batch=draw.choice((2, 128)))
        for _, call in sorted(steps, key=lambda step: "close" in getattr(step[1], "__qualname__", "")):
            call(model, NOW)
        patched.undo()
        assert clocked.outcome() == outcome(model)
        finish(clocked, model)


def state(clocked):
    """All of a ledger that money rests on: balances, channels, and what each lane is worth.

    Of a channel that has paid its whole capacity the lanes are left out: what would pay nothing more is not kept, so
    which lanes are there depends on the order of the messages either way.
    """
    database = clocked.ledger._database()
    sql = """SELECT l.channel, l.lane, l.worth FROM lanes l JOIN channels c ON c.digest = l.channel
        WHERE c.paid < c.capacity ORDER BY l.channel, l.lane"""
    return clocked.outcome(), [tuple(row) for row in database.rows(sql)]


@settings(max_examples=MANY.max_examples, deadline=None, derandomize=MANY.derandomize)
@given(st.integers(0, 2**32), st.integers(0, 25))
def test_a_bundle_leaves_the_same_either_way_and_no_contradiction_is_missed(seed, length):
    found = []
    for newest_first in (False, True):
        drawing, model = Drawing(seed), Reference()
        with began(drawing, model) as clocked:
            steps = drawing.draw(length)
            random.Random(seed).shuffle(steps)
            clocked.settle(steps, newest_first=newest_first)
            pairs = {frozenset(map(number_of, pair)) for pair in clocked.ledger.equivocations()}
            found.append((*state(clocked), pairs))
            assert clocked.ledger.audit().ok
    each, newest = found
    assert newest[:2] == each[:2] and each[2] <= newest[2]


def number_of(raw):
    body = parse_message(raw).body
    return (type(body).NAME, body.channel, getattr(body, "lane", None), getattr(body, "seq", None))


def test_a_plain_voucher_is_what_the_strict_reader_reads():
    draw, taken = random.Random(5), 0
    drawing = Drawing(5)
    vouchers = [raw for _ in range(40) for step in drawing.honest(0) + drawing.twin(0) for raw in raws_of(step[0])]
    mutator = Mutator(5, {})
    for _ in range(6000):
        raw = draw.choice(vouchers)
        raw = mutator.bytes(raw, None) if draw.random() < 0.9 else raw
        says = plain_voucher(raw)
        if says is not None:
            strict, taken = parse_strictly(raw), taken + 1
            body = strict.body
            assert says == (body.channel, body.lane, body.seq, body.amount, strict.digest)
            others = (body.not_before, body.not_after, body.hash_lock, body.merges, body.ticks)
            assert others == (None,) * 5
    assert taken > 600


def test_an_amount_that_no_ledger_holds_is_left_to_the_strict_reader():
    amount = b"\x04\x1b" + (2**63 - 1).to_bytes(8, "big")
    raw = Drawing(5).pay(0, 2**63 - 1, 1, 0)[0].raw
    assert plain_voucher(raw).amount == 2**63 - 1 and raw.count(amount) == 1
    assert plain_voucher(raw.replace(amount, b"\x04\x1b" + (2**63).to_bytes(8, "big"))) is None
