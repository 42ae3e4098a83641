"""`sealwright watch`: claims through a broker for a payee that sleeps, over restarts, whatever else goes wrong."""

import json
import signal

import pytest

from tests.cli.runner import ended, gone_wrong, wait_until


@pytest.fixture
def market(homed, broker, authority):
    """A home with a seller that has sold twice and hands on through a broker. (command, broker's URL, seller)"""
    url = f"mqtts://127.0.0.1:{broker.port}"
    solar = homed.provisioned("solar", "bme280")
    homed.provisioned("charger")
    homed.ok("owner", "offer", "--device", "emulated:solar", "--asset", "nEUR", "--unit", "reading", "--price", "100")
    homed.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "1000000000")
    for _ in range(2):
        parties = ("--payer", "emulated:charger", "--payee", "emulated:solar")
        homed.ok("pay", *parties, "--amount", "300", "--pause-ms", "20")
    homed.ok("owner", "network", "--device", "emulated:solar", "--broker", url, "--ca", authority.path)
    wait_until(lambda: homed.ok("info", "--device", "emulated:solar", "--json").last["uplink"][1])
    return homed, url, solar


def paid(cli):
    return sum(int(channel["paid"]) for channel in cli.ok("ledger", "channels", "--json").json)


def test_a_payee_that_comes_for_a_moment_is_paid(market):
    cli, url, solar = market
    solar.kill()
    watch = cli.start("watch", "--broker", url, "--allow-test", "--every", "3600", "--warn-hours", "999", "--json")
    assert json.loads(watch.stdout.readline()) == {"ok": True, "settled": 0, "refunded": 0}, "nobody is there"
    warned = [json.loads(watch.stdout.readline()) for _ in range(2)]
    assert all(one["remaining"] == "300" and one["claimable_until"] for one in warned), "two channels end"
    solar.start()
    wait_until(lambda: paid(cli) == 600)
    ended(watch, signal.SIGKILL)
    again = cli.ok("watch", "--broker", url, "--allow-test", "--seconds", "0", "--json")
    assert again.json[0] == {"ok": True, "settled": 0, "refunded": 0}
    assert cli.ok("ledger", "audit", "--allow-test")


def test_whatever_cannot_be_looked_at_holds_up_nothing(market, tmp_path):
    cli, url, _ = market
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.bundle").write_bytes(b"\xff" * 40)
    (inbox / "b.bundle").mkdir()
    options = ("--bundles", inbox, "--broker", "mqtts://127.0.0.1:1", "--broker", url, "--device", "tcp:127.0.0.1:1")
    ran = cli("watch", *options, "--allow-test", "--seconds", "0", "--json")
    assert ran.code == 3 and paid(cli) == 600, ran
    wrong = [line for line in ran.json if line.get("ok") is False]
    assert [line.get("device") or line.get("broker") or line["bundle"] for line in wrong] == [
        "tcp:127.0.0.1:1",
        "127.0.0.1:1",
        str(inbox / "b.bundle"),
    ]


def test_what_is_wrong_is_told(homed):
    cli, url = homed, "mqtts://127.0.0.1:1"
    gone_wrong(cli("watch"), 2, "usage", "nothing to watch")
    gone_wrong(cli("watch", "--bundles", cli.home / "missing"), 2, "usage", "is no folder")
    gone_wrong(cli("watch", "--broker", f"{url}/solar"), 2, "usage", "names a device")
    gone_wrong(cli("watch", "--broker", "mqtt://127.0.0.1"), 2, "bad_url")


def test_what_goes_on_failing_is_told_once_and_again_after_it_has_worked(homed):
    board = homed.provisioned("car")
    board.kill()
    watch = homed.start("watch", "--device", "emulated:car", "--allow-test", "--every", "0.05", "--json")

    def wait_for(ok, times):
        while times:
            times -= json.loads(watch.stdout.readline())["ok"] is ok

    wait_for(False, 12)
    board.start()
    while not (json.loads(watch.stdout.readline())["ok"] and json.loads(watch.stdout.readline())["ok"]):
        pass
    board.kill()
    wait_for(False, 12)
    ran = ended(watch, signal.SIGINT)
    told = ran.err.count("emulated:car: the emulated board car is not running")
    assert told == 2 and ran.err.count("emulated:car: ") <= 8, ran.err
