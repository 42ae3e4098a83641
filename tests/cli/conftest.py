"""Homes and fleets for the tests of the command line. Whatever a test starts is killed after it, passed or not."""

import shutil

import pytest
from sealwright.home import Home

from tests.cli.runner import Cli
from tests.cli.webbed import Served, stocked
from tests.e2e.broker import authority, broker  # noqa: F401  fixtures


@pytest.fixture
def cli(tmp_path):
    """The command in a home that is not made yet."""
    made = Cli(tmp_path / "home")
    yield made
    made.kill_all()


@pytest.fixture
def homed(cli):
    """The command in a home."""
    cli.ok("init", "--network", "test net")
    cli.ok("asset", "add", "nEUR")
    return cli


@pytest.fixture(scope="session")
def fleet(tmp_path_factory):
    """A home with a solar meter that sells joules, a charger that may pay and a station that sells readings.

    Shared: tests leave its boards running and provisioned, and take their counters as they find them.
    """
    made = Cli(tmp_path_factory.mktemp("fleet") / "home")
    try:
        made.ok("init", "--network", "fleet")
        made.ok("asset", "add", "nEUR")
        # by default a minute passes in a second: after ten minutes of tests the sun has set, and nothing is sold
        made.provisioned("solar", "ina219=measured,speed=1")
        made.provisioned("charger")
        made.provisioned("station", "bme280")
        made.ok("owner", "offer", "--device", "emulated:solar", "--asset", "nEUR", "--unit", "J", "--price", "83")
        for payer in ("charger", "solar"):
            made.ok("ledger", "deposit", payer, "--asset", "nEUR", "--amount", "1000000000")
        made.ok("owner", "interval", "1", "--device", "emulated:station")
        for seller in ("solar", "station"):  # tests here buy often from one seller, and acknowledge seldom
            made.ok("owner", "protect", "--device", f"emulated:{seller}", "--channels-per-payer", "8")
        trade(made)
        yield made
    finally:
        made.kill_all()


@pytest.fixture(scope="session")
def traded(fleet):
    """A bundle with the first trade of the fleet, which no test has had a part in."""
    return fleet.home.parent / "traded.bundle"


@pytest.fixture(scope="session")
def stock(fleet, traded, tmp_path_factory):
    """Makes a home in a folder, whose page has something of everything."""
    first = stocked(fleet, tmp_path_factory.mktemp("stock"))

    def make(folder):
        return shutil.copytree(first, folder / "home")

    return make


@pytest.fixture(scope="session")
def shown(stock, tmp_path_factory):
    """The page of such a home; its tests change nothing in it but what the hub would add."""
    served = Served(stock(tmp_path_factory.mktemp("web")))
    yield served
    served.close()


@pytest.fixture(scope="module")
def viewer(shown):
    with shown.client("viewer") as client:
        yield client


@pytest.fixture(scope="module")
def operator(shown):
    with shown.client("operator") as client:
        yield client


@pytest.fixture
def solar(shown):
    return Home.open(shown.cli.home).resolve("solar").device


def trade(fleet):
    """Make that trade, and collect it."""
    path = fleet.home.parent / "traded.bundle"
    fleet.ok(
        *("pay", "--payer", "emulated:charger", "--payee", "emulated:solar", "--amount", "600", "--pause-ms", "50")
    )
    devices = [part for name in ("charger", "solar", "station") for part in ("--device", f"emulated:{name}")]
    fleet.ok("collect", *devices, "--out", path)
