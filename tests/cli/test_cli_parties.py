"""Errors name the party and the cause: whose sensor, which order, what nothing meters; what cannot change ends."""

import pytest
from sealwright.link.codes import CODES

from tests.cli.runner import Cli, gone_wrong

PAY = ("pay", "--payer", "emulated:car", "--payee", "emulated:roof", "--amount", "50000", "--pause-ms", "50")


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """A roof that sells joules, a car that may pay, a station without a meter."""
    cli = Cli(tmp_path_factory.mktemp("street") / "home")
    try:
        cli.ok("init", "--network", "street")
        cli.provisioned("roof", "ina219")
        cli.provisioned("car")
        cli.provisioned("station", "bme280")
        sell(cli, "J")
        cli.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1000000000")
        yield cli
    finally:
        cli.kill_all()


def sell(cli, unit, board="roof"):
    cli.ok("owner", "offer", "--device", f"emulated:{board}", "--asset", "nEUR", "--unit", unit, "--price", "1")


def test_an_offer_that_no_sensor_meters_is_refused(street):
    for board, unit in (("roof", "kWh"), ("station", "J"), ("station", "Cel"), ("car", "reading")):
        line = ("owner", "offer", "--device", f"emulated:{board}", "--asset", "nEUR", "--unit", unit, "--price", "1")
        gone_wrong(street(*line), 4, "no_meter", f"emulated:{board} refused: none of its sensors counts in that unit")
    assert street("info", "--device", "emulated:station", "--json").last["offer"] is None
    sell(street, "reading", "station")


def test_a_second_order_is_refused_with_the_first(street):
    street.ok(*PAY, "--no-wait")
    second = street(*PAY)._replace(again=None)  # the first goes on meanwhile
    gone_wrong(second, 4, "order_active", "car has an active order: J from roof, ", " of 50,000 nEUR")
    info = street.ok("info", "--device", "emulated:car")
    assert "J from roof, for up to 50,000 nEUR" in info.out, info.out
    street.ok("owner", "stop", "--device", "emulated:car")
    assert street("info", "--device", "emulated:car", "--json").last["buying"] is None


def test_every_code_of_a_device_has_a_cause_and_a_remedy():
    for meaning in CODES.values():
        assert meaning.cause and meaning.remedy.endswith("."), meaning
