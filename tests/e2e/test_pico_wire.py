"""Two emulated Picos, the real image, joined by their UARTs: one has a standing order and finds and buys what the other
meters, with no host between them.

Skipped where there is no image.
"""

import json

import pytest
from sealwright import emulator
from sealwright import targets as boards
from sealwright.home import Home

from tests.cli.runner import POLICY, Cli, wait_until
from tests.pico.conftest import NO_IMAGE
from tests.pico.preload import preload_firmware
from tests.pico.rig import image

PRICE = 2
BUDGET = 3000
# a guest on a busy machine may take a minute to its first bill, which may say 1,000 J at most
SLOW_METER = "ina219=measured,scale=1/300"
LONG = 1800  # seconds, on a busy machine: only what fails waits for so long
pytestmark = pytest.mark.skipif(image() is None, reason=NO_IMAGE)


@pytest.fixture
def cli(tmp_path):
    made = Cli(tmp_path / "home")
    made.ok("init", "--network", "wire")
    made.ok("asset", "add", "nEUR")
    yield made
    made.kill_all()


def pico(cli, build, name, *options):
    """A provisioned Pico with this firmware."""
    cli.ok("emulate", "pico", "--image", image(), "--name", name, *options, "--detach")
    board = emulator.find(Home.open(cli.home), name)
    board.kill()
    preload_firmware(board, build)
    board.start()
    policy = cli.home.parent / "policy.json"
    policy.write_text(json.dumps(POLICY))
    cli.ok("provision", "--device", f"emulated:{name}", "--name", name, "--policy", policy)
    cli.ok("owner", "interval", "--device", f"emulated:{name}", "3600")
    return board


def order(cli, name="car"):
    """(state, amount) of its last order."""
    told = cli.ok("info", "--device", f"emulated:{name}", "--json").last["order"]
    return told["state"], int(told.get("amount") or 0)


@pytest.mark.long
def test_two_picos_trade_over_a_wire_through_power_cuts(cli):
    build = boards.compile_for(boards.find("pico"))
    roof = pico(cli, build, "roof", "--sensor", SLOW_METER)
    car = pico(cli, build, "car", "--uart", "roof")
    both = ("--device", "emulated:roof", "--device", "emulated:car")
    cli.ok("owner", "offer", *both[:2], "--unit", "J", "--price", PRICE, "--asset", "nEUR")
    cli.ok("owner", "protect", *both[:2], "--credit", BUDGET)
    cli.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1000000")
    terms = ("--unit", "J", "--asset", "nEUR", "--max-price", PRICE, "--budget", BUDGET)
    cli.process("owner", "order", "--device", "emulated:car", *terms, timeout=LONG)
    for board in (roof, car):
        before = order(cli)[1]
        wait_until(lambda before=before: order(cli)[1] > before, LONG)
        board.kill()
        board.start()
        cli.ok("owner", "clock", "--device", f"emulated:{board.name}")
    wait_until(lambda: order(cli)[0] not in {"active", "waiting"}, LONG)
    assert order(cli) == ("done", BUDGET)

    bundle = cli.home.parent / "wire.bundle"
    cli.ok("collect", *both, "--out", bundle)
    assert all(one["ok"] for one in cli.ok("verify", bundle, "--allow-test", "--json").json)
    assert all(one["ok"] for one in cli.ok("settle", bundle, "--allow-test", "--json").json)
    (channel,) = cli.ok("ledger", "channels", "--json").json
    assert channel["paid"] == str(BUDGET)
    cli.ok("ledger", "audit", "--allow-test")
