"""Vouchers as usual are settled without being taken apart: the log, the views and the verdicts are as by the rules."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealwright.ledger.usual import UsualVouchers
from sealwright.wire import cbor
from sealwright.wire.keys import PublicKey
from sealwright.wire.messages.unread import SeenVoucher

from tests.host_tools.ledger.conftest import holds
from tests.host_tools.ledger.histories import Drawing
from tests.host_tools.ledger.reference import Reference
from tests.host_tools.ledger.test_law import MANY, began, split

PAYMENT = UsualVouchers.payment


def settled(seed, length, payment):
    """The rows of the log and the verdicts that a random history comes to, with this in place of `payment`."""
    draw, drawing, verdicts = random.Random(seed), Drawing(seed), []
    with pytest.MonkeyPatch.context() as patch, began(drawing, Reference()) as clocked:
        patch.setattr(UsualVouchers, "payment", payment)
        steps = drawing.draw(length)
        draw.shuffle(steps)
        for part in split(draw, steps):
            verdicts += [verdict.as_dict() for verdict in clocked.settle(part, batch=draw.choice((1, 3, 128)))]
            clocked.at += draw.choice((0, 0, 60, 86_400))
        assert clocked.ledger.audit().ok
        sql = "SELECT n, at, message, proof, effect FROM log ORDER BY n"
        return [tuple(row) for row in clocked.ledger._database().rows(sql)], verdicts


def test_log_and_verdicts_are_as_by_the_rules():
    taken = []

    def counted(vouchers, message):
        found = PAYMENT(vouchers, message)
        taken.append(found is not None)
        return found

    @MANY
    @given(st.integers(0, 2**32), st.integers(0, 25))
    def same(seed, length):
        assert settled(seed, length, counted) == settled(seed, length, lambda vouchers, message: None)

    same()
    assert taken.count(True) > 100 and taken.count(False) > 100


def test_a_usual_one_is_not_taken_apart(world, monkeypatch):
    ledger, channel = world.opened()
    monkeypatch.setattr(SeenVoucher, "read", lambda message: pytest.fail("it was taken apart"))
    vouchers = [world.payer.voucher(channel, n * 10, seq=n) for n in range(1, 6)]
    assert world.codes(ledger, vouchers) == ["ok"] * 5
    assert holds(ledger, world.payee) == 50


def test_a_receipt_finds_the_voucher_that_was_not_taken_apart(world):
    ledger, channel = world.opened()
    voucher = world.payer.voucher(channel, 30, seq=1)
    receipt = world.payee.receipt(voucher)
    assert world.codes(ledger, [voucher, receipt]) == ["ok", "ok"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_signature_that_does_not_hold_pays_nothing(world, jobs):
    ledger, channel = world.opened()
    vouchers = [world.payer.voucher(channel, n * 10, seq=n) for n in range(1, 9)]
    bad = vouchers[7].raw[:-1] + bytes((vouchers[7].raw[-1] ^ 1,))
    found = [one.code for one in ledger.settle([one.raw for one in vouchers[:7]] + [bad], batch=2, jobs=jobs)]
    assert found == ["ok"] * 7 + ["bad_signature"]
    assert holds(ledger, world.payee) == 70


def test_another_devices_key_pays_nothing(world):
    ledger, channel = world.opened()
    assert world.codes(ledger, [world.payee.voucher(channel, 10, seq=1)]) == ["not_a_party"]
    assert holds(ledger, world.payee) == 0


def test_its_signature_is_checked_once(world, monkeypatch):
    ledger, channel = world.opened()
    checks = []
    plain = PublicKey.verify
    monkeypatch.setattr(PublicKey, "verify", lambda *its: (checks.append(its[1]), plain(*its))[1])
    voucher = world.payer.voucher(channel, 10, seq=1)
    assert world.codes(ledger, [voucher]) == ["ok"]
    assert checks.count(voucher.digest) == 1


def test_an_effect_is_the_digest_of_deterministic_cbor(world, monkeypatch):
    seen = []
    monkeypatch.setattr(cbor, "encode_lists", lambda value: (seen.append(value), cbor.encode(value))[1])
    ledger, channel = world.opened()
    assert world.codes(ledger, [world.payer.voucher(channel, 10, seq=1)]) == ["ok"]
    monkeypatch.undo()
    assert ledger.audit().ok  # made with the strict encoder, read with the fast one
    assert len(seen) >= 4 and all(cbor.encode_lists(value) == cbor.encode(value) for value in seen)
