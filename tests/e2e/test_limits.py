"""Each limit of the owner's policy, on a real board: the voucher it forbids never leaves, and info tells the code."""

import time

import pytest
from sealwright.operate import spending
from sealwright.wire.messages import ChannelClose, ChannelOpen, Voucher
from sealwright.wire.messages.schema import write

from .lab import ASSET
from .test_trade import ended

PRICE = 10
FAILED, DONE = 3, 1


def policy(per_voucher=10**6, per_day=10**9, asset=ASSET, **more):
    return spending.parse_policy({"assets": {asset: {"per_voucher": per_voucher, "per_day": per_day}}, **more})


@pytest.fixture
def shop(lab, proxied):
    """A payer, a payee that sells readings, and the wire between them."""
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", PRICE)
    return lab, payer, payee, proxied(payee)


def test_each_limit_stops_the_voucher(shop, witness):
    lab, payer, payee, proxy = shop

    def buy(spend, budget=5 * PRICE):
        lab.tell(payer, "policy", write(spend))
        before = len(witness.vouchers)
        lab.order(payer, payee, "reading", budget, address=proxy.address, pause_ms=0)
        return lab.wait(payer, ended)["order"], len(witness.vouchers) - before

    cases = (
        (policy(per_voucher=PRICE - 1), 40),
        (policy(payees=["00" * 32]), 42),
        (policy(button_above=PRICE - 1), 43),
        (policy(not_after=int(time.time()) - 5), 44),
        (policy(asset="gold"), 46),
    )
    for spend, code in cases:
        assert buy(spend) == ([FAILED, code, None], 0)
    assert not witness.of(ChannelOpen, Voucher), "a channel that nobody may pay in is not opened either"
    assert buy(policy(per_day=2 * PRICE + 5)) == ([FAILED, 41, [2, 2 * PRICE]], 2)
    assert lab.info(payer)["trade_fault"] is None
    lab.wait(payer, lambda _: witness.of(ChannelClose))  # the order ends first, and then its channel
    assert len(witness.of(ChannelClose)) == 1, "nothing more is paid in the channel of an order that ended"
    (payer.folder / "button").touch()
    assert buy(policy(button_above=PRICE - 1)) == ([DONE, None, [5, 5 * PRICE]], 5)
    (payer.folder / "button").unlink()
    assert buy(policy(button_above=PRICE - 1))[0][:2] == [FAILED, 43]
    payer.kill()
    payer.start()
    assert buy(policy(per_day=7 * PRICE))[0][:2] == [FAILED, 41], "the day's sum outlives the power"


def test_a_pause_stops_the_trade_at_once_and_a_new_order_goes_on_after_resume(shop, witness):
    lab, payer, payee, proxy = shop
    lab.order(payer, payee, "reading", 1000 * PRICE, address=proxy.address, pause_ms=0)
    lab.wait(payer, lambda result: result["order"][2] and result["order"][2][0] >= 3)
    lab.tell(payer, "pause")
    sent = len(witness.vouchers)
    order = lab.wait(payer, ended)["order"]
    assert order[:2] == [FAILED, 45] and len(witness.vouchers) <= sent + 1
    assert lab.info(payer)["paused"] is True
    sent = len(witness.vouchers)
    lab.order(payer, payee, "reading", PRICE, address=proxy.address)
    assert lab.wait(payer, ended)["order"] == [FAILED, 45, None] and len(witness.vouchers) == sent
    lab.tell(payer, "resume")
    lab.order(payer, payee, "reading", PRICE, address=proxy.address)
    assert lab.wait(payer, ended)["order"] == [DONE, None, [1, PRICE]]


def test_a_policy_changed_in_the_middle_holds_for_the_next_voucher(shop, witness):
    lab, payer, payee, proxy = shop
    lab.order(payer, payee, "reading", 1000 * PRICE, address=proxy.address, pause_ms=0)
    lab.wait(payer, lambda result: result["order"][2] and result["order"][2][0] >= 3)
    lab.tell(payer, "policy", write(policy(per_voucher=PRICE - 1)))
    sent = len(witness.vouchers)
    assert lab.wait(payer, ended)["order"][:2] == [FAILED, 40]
    assert len(witness.vouchers) <= sent + 1


def test_a_blank_policy_spends_nothing(lab):
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer", policy=None)
    lab.sells(payee, "reading", PRICE)
    lab.order(payer, payee, "reading", 50)
    assert lab.wait(payer, ended)["order"] == [FAILED, 46, None]
