"""Emulated ESP32 boards that trade over the air, by each link that an owner can choose."""

import json

import pytest

from tests.cli.runner import POLICY, Cli, wait_until

PRICE, COUNT = 5, 3
WIFI = ("barn", "word")


@pytest.fixture
def cli(tmp_path):
    made = Cli(tmp_path / "home")
    made.ok("init", "--network", "air")
    made.ok("asset", "add", "nEUR")
    yield made
    made.kill_all()


def esp32(cli, name):
    """A provisioned ESP32 with one Wi-Fi in range."""
    cli.ok("emulate", "esp32", "--name", name, "--sensor", "bme280", "--detach")
    cli.ok("emulate", "--stop", name)
    hardware = cli.home / "boards" / name / "hardware.json"
    hardware.write_text(json.dumps(json.loads(hardware.read_text()) | {"wifi": WIFI}))
    cli.ok("emulate", name, "--detach")
    policy = cli.home.parent / "policy.json"
    policy.write_text(json.dumps(POLICY))
    cli.ok("provision", "--device", f"emulated:{name}", "--name", name, "--policy", policy)


def joins(cli, name, kind, password=WIFI[1]):
    secret = cli.home.parent / "wifi"
    secret.write_text(f"{password}\n")
    wifi = ("--ssid", WIFI[0], "--password-file", secret)
    cli.ok("owner", "network", "--device", f"emulated:{name}", "--peers", kind, *(wifi if kind != "esp-now" else ()))


def info(cli, name):
    return cli.ok("info", "--device", f"emulated:{name}", "--json").last


def test_trades_by_every_link_of_the_radio(cli):
    for name in ("roof", "car"):
        esp32(cli, name)
    cli.ok("owner", "offer", "--device", "emulated:roof", "--unit", "reading", "--price", PRICE, "--asset", "nEUR")
    cli.ok("owner", "protect", "--device", "emulated:roof", "--channels-per-payer", 3)
    cli.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1000000")
    for kind, scheme in (("tcp", "tcp:127."), ("udp", "udp:127."), ("esp-now", "espnow:02007f")):
        for name in ("roof", "car"):
            joins(cli, name, kind)
            wait_until(
                lambda name=name, scheme=scheme: info(cli, name)["peer"] and info(cli, name)["peer"].startswith(scheme)
            )
        pay = ("pay", "--payer", "emulated:car", "--payee", "emulated:roof", "--amount", PRICE * COUNT, "--pause-ms", 0)
        assert cli.ok(*pay, "--json").last["vouchers"] == COUNT, kind
    bundle = cli.home.parent / "air.bundle"
    cli.ok("collect", "--device", "emulated:roof", "--device", "emulated:car", "--out", bundle)
    cli.ok("settle", bundle, "--allow-test")
    assert sum(int(one["paid"]) for one in cli.ok("ledger", "channels", "--json").json) == 3 * PRICE * COUNT


def test_a_board_that_cannot_join_has_no_link_and_says_why(cli):
    esp32(cli, "roof")
    joins(cli, "roof", "tcp", password="wrong")
    wait_until(lambda: info(cli, "roof")["uplink"][2] is not None)
    assert info(cli, "roof")["peers"] == []
    joins(cli, "roof", "tcp")
    wait_until(lambda: info(cli, "roof")["peers"])
    cli.ok("owner", "network", "--device", "emulated:roof", "--none")
    wait_until(lambda: not info(cli, "roof")["peers"])


def test_a_link_over_no_wifi_is_refused(cli):
    esp32(cli, "roof")
    device = ("owner", "network", "--device", "emulated:roof")
    assert cli(*device, "--peers", "tcp").code == 2
    assert cli(*device, "--peers", "carrier-pigeon").code == 2
