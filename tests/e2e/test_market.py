"""A market without a host: four emulated ESP32s sell at different prices, two unix boards buy by standing orders.

One seller dies, one's meter counts faster than it may, one is out of a buyer's policy.
"""

import json

import pytest
from sealwright import emulator
from sealwright.home import Home
from sealwright.wire.bundle import read_bundle
from sealwright.wire.messages import ChannelOpen, Reading, Voucher, parse_message
from sealwright.wire.senml import measurements

from tests.cli.runner import Cli, wait_until

PRICES = {"mill": 1, "liar": 2, "roof": 3, "barn": 5}
WATTS = {"mill": 20, "liar": 90, "roof": 20, "barn": 20}
BUDGETS = {"car": 1200, "boat": 150}
MAX_RATE = 45  # J in a second
LONG = 120  # seconds: of a busy machine


@pytest.fixture
def cli(tmp_path):
    made = Cli(tmp_path / "home")
    made.ok("init", "--network", "market")
    made.ok("asset", "add", "nEUR")
    yield made
    made.kill_all()


def seller(cli, name):
    """A provisioned ESP32 on the net that sells joules."""
    series = cli.home.parent / f"{name}.csv"
    series.write_text(f"time,power,voltage\n0,{WATTS[name]},24\n60,{WATTS[name]},24\n")
    cli.ok("emulate", "esp32", "--name", name, "--sensor", f"ina219=csv:{series}", "--detach")
    device = ("--device", f"emulated:{name}")
    cli.ok("provision", *device, "--name", name)
    cli.ok("owner", "interval", *device, "3600")
    cli.ok("owner", "protect", *device, "--credit", 10**6)
    cli.ok("owner", "offer", *device, "--unit", "J", "--price", PRICES[name], "--asset", "nEUR")
    cli.ok("owner", "network", *device, "--ssid", "barn", "--peers", "tcp")


def buyer(cli, name, payees):
    """A provisioned unix board that may pay these sellers."""
    cli.ok("emulate", "unix", "--name", name, "--market", "--detach")
    policy = cli.home.parent / f"{name}.json"
    policy.write_text(json.dumps({"assets": {"nEUR": {"per_voucher": 10**6, "per_day": 10**9}}, "payees": payees}))
    cli.ok("provision", "--device", f"emulated:{name}", "--name", name, "--policy", policy)
    cli.ok("ledger", "deposit", name, "--asset", "nEUR", "--amount", "1000000")


def order(cli, name, limit, *options):
    terms = ("--unit", "J", "--asset", "nEUR", "--max-price", limit, "--budget", BUDGETS[name], "--pause-ms", 200)
    cli.ok("owner", "order", "--device", f"emulated:{name}", *terms, *options)


def market(cli, name):
    """({seller: (why, proved)}, [(seller, why)]) as the device sees and chose."""
    lines = cli.ok("market", "--device", f"emulated:{name}", "--seconds", 0, "--json").json
    offers = {line["seller"]: (line["why"], line["proved"]) for line in lines if line["type"] == "offer"}
    return offers, [(line["seller"], line["why"]) for line in lines if line["type"] == "choice"]


def state(cli, name):
    return cli.ok("info", "--device", f"emulated:{name}", "--json").last["order"]


def test_a_market_of_six(cli):
    for name in PRICES:
        seller(cli, name)
    buyer(cli, "car", ["liar", "roof", "barn"])
    buyer(cli, "boat", ["mill", "barn"])
    for name in BUDGETS:
        wait_until(lambda name=name: len(market(cli, name)[0]) == len(PRICES), LONG)

    order(cli, "car", 5, "--max-rate", MAX_RATE)
    order(cli, "boat", 4)
    assert cli("owner", "order", "--device", "emulated:car", "--max-price", "5nEUR/J", "--budget", "9nEUR").code == 4
    wait_until(lambda: market(cli, "car")[0]["roof"] == ("taken", True), LONG)
    wait_until(lambda: int(state(cli, "car")["amount"]) > 250, LONG)
    offers, choices = market(cli, "car")
    assert choices == [("liar", "taken"), ("liar", "over_rate"), ("roof", "taken")]
    assert offers["mill"] == ("not_a_payee", False) and offers["barn"] == ("dearer", False)
    assert offers["liar"] == ("over_rate", True)

    roof = emulator.find(Home.open(cli.home), "roof")
    roof.kill()
    wait_until(lambda: state(cli, "boat")["state"] == "done", LONG)
    assert market(cli, "boat")[1] == [("mill", "taken")]
    wait_until(lambda: state(cli, "car")["state"] == "done", LONG)
    assert market(cli, "car")[1][3:] == [("roof", "unreachable"), ("barn", "taken")]
    console = (emulator.find(Home.open(cli.home), "car").folder / "console.log").read_text()
    assert console.count("market: takes") == 3 and "market: not" in console
    roof.start()

    settled(cli)


def settled(cli):
    """Everything is collected and settled: the buyers' spent is the sellers' gained, and the honest meters' count."""
    bundle = cli.home.parent / "market.bundle"
    devices = [part for name in (*PRICES, *BUDGETS) for part in ("--device", f"emulated:{name}")]
    cli.ok("collect", *devices, "--out", bundle)
    assert all(one["ok"] for one in cli.ok("verify", bundle, "--allow-test", "--json").json)
    assert all(one["ok"] for one in cli.ok("settle", bundle, "--allow-test", "--json").json)
    cli.ok("ledger", "audit", "--allow-test")
    paid = {}
    for channel in cli.ok("ledger", "channels", "--json").json:
        pair = (channel["payer"], channel["payee"])
        paid[pair] = paid.get(pair, 0) + int(channel["paid"])
    print(paid)
    messages = [parse_message(raw) for raw in read_bundle(bundle)]
    for name, budget in BUDGETS.items():
        assert int(state(cli, name)["amount"]) == budget
    assert sum(paid.values()) == sum(BUDGETS.values())
    counted(messages)


def counted(messages):
    """Each best voucher of a channel that was not ended by the budget is the price times what the meter counted."""
    counts = {message.digest: joules(message.body) for message in messages if isinstance(message.body, Reading)}
    opens = {message.digest: message.body for message in messages if isinstance(message.body, ChannelOpen)}
    exact = 0
    for message in messages:
        if isinstance(message.body, Voucher):
            price = opens[message.body.channel].price
            now = counts[message.body.item]
            exact += now - message.body.amount // price in counts.values() and message.body.amount % price == 0
    assert exact >= 2


def joules(reading):
    return next(int(one.value) for one in measurements(reading) if one.unit == "J")
