"""Standing orders and the market, from the command line, without sellers."""

import pytest

from tests.cli.runner import gone_wrong

TERMS = ("--unit", "J", "--asset", "nEUR", "--max-price", "90", "--budget", "20000")


@pytest.fixture
def car(homed):
    homed.provisioned("car")
    return homed


def order(cli, *options):
    return cli("owner", "order", "--device", "emulated:car", *options)


def test_what_cannot_be_ordered(car):
    gone_wrong(order(car, "--budget", "5"), 2, "usage", "wants --max-price and --budget")
    gone_wrong(order(car, *TERMS[:-1], "80"), 2, "usage", "more than the budget")
    gone_wrong(order(car, *TERMS, "--every", "59"), 2, "usage", "60")
    gone_wrong(order(car, *TERMS, "--seller", "nobody"), 2, "unknown_device", "nobody")
    gone_wrong(order(car, *TERMS, "--stop"), 2, "usage", "--stop stands alone")
    gone_wrong(order(car, "--max-price", "90", "--budget", "many"), 2, "bad_amount", "many")


def test_one_order_at_a_time_and_its_end(car):
    ran = order(car, *TERMS, "--every", "3600", "--json")
    assert ran.code == 0 and ran.last["max_price"] == "90" and ran.last["budget"] == "20000"
    info = car.ok("info", "--device", "emulated:car", "--json").last
    assert info["order"] == {"state": "active", "reason": None, "vouchers": 0, "amount": "0"}
    assert info["buying"] == [None, "nEUR", "J", "20000"]
    gone_wrong(order(car, *TERMS), 4, "order_active", "J, 0 nEUR of 20,000 nEUR promised")
    car.ok("owner", "order", "--device", "emulated:car", "--stop")
    assert car.ok("info", "--device", "emulated:car", "--json").last["order"]["state"] == "stopped"
    assert order(car, *TERMS).code == 0


def test_market_without_sellers(car):
    said = car.ok("market", "--device", "emulated:car", "--seconds", "0")
    assert "heard no offer" in said.out
    assert car.ok("market", "--device", "emulated:car", "--seconds", "0", "--json").json == []
