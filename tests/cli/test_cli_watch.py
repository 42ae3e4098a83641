"""`sealwright watch`: claims through a broker for a payee that sleeps, over restarts, whatever else goes wrong."""

import json
import signal

import pytest

from tests.cli.runner import ended, gone_wrong, wait_until


@pytest.fixture
def market(homed, broker, authority):
    """A home with a seller that has sold and sleeps now, and both parties' broker. (command, broker's URL, seller)"""
    url = f"mqtts://127.0.0.1:{broker.port}"
    solar = homed.provisioned("solar", "ina219")
    homed.provisioned("charger")
    homed.ok("owner", "offer", "--device", "emulated:solar", "--asset", "nEUR", "--unit", "J", "--price", "1")
    homed.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "1000000000")
    homed.ok("owner", "network", "--device", "emulated:solar", "--broker", url, "--ca", authority.path)
    sell(homed)
    return homed, url, solar


def sell(cli):
    parties = ("--payer", "emulated:charger", "--payee", "emulated:solar")
    cli.ok("pay", *parties, "--amount", "300", "--pause-ms", "20")


def paid(cli):
    return sum(channel["paid"] for channel in cli.ok("ledger", "channels", "--json").json)


def test_a_payee_that_comes_for_a_moment_is_paid(market):
    cli, url, solar = market
    solar.kill()
    watch = cli.start("watch", "--broker", url, "--allow-test", "--every", "3600", "--warn-hours", "999", "--json")
    assert json.loads(watch.stdout.readline()) == {"ok": True, "settled": 0, "refunded": 0}, "nobody is there"
    warned = json.loads(watch.stdout.readline())
    assert warned["remaining"] == 300 and warned["claimable_until"], "the channel is funded, and it ends"
    solar.start()
    wait_until(lambda: paid(cli) == 300)
    ended(watch, signal.SIGKILL)
    sell(cli)
    again = cli("watch", "--broker", url, "--allow-test", "--seconds", "0", "--json")
    assert (again.code, paid(cli)) == (0, 600), again
    assert cli.ok("watch", "--broker", url, "--allow-test", "--seconds", "0", "--json").json[0]["settled"] == 0


def test_whatever_cannot_be_looked_at_holds_up_nothing(market, tmp_path):
    cli, url, _ = market
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.bundle").write_bytes(b"\xff" * 40)
    (inbox / "b.bundle").mkdir()
    options = ("--bundles", inbox, "--broker", "mqtts://127.0.0.1:1", "--broker", url, "--device", "tcp:127.0.0.1:1")
    ran = cli("watch", *options, "--allow-test", "--seconds", "0", "--json")
    assert ran.code == 3 and paid(cli) == 300, ran
    wrong = [line for line in ran.json if line.get("ok") is False]
    assert [line.get("device") or line.get("broker") or line["bundle"] for line in wrong] == [
        "tcp:127.0.0.1:1",
        "127.0.0.1:1",
        str(inbox / "b.bundle"),
    ]


def test_what_is_wrong_is_told(market):
    cli, url, _ = market
    gone_wrong(cli("watch"), 2, "usage", "nothing to watch")
    gone_wrong(cli("watch", "--broker", f"{url}/solar"), 2, "usage", "names a device")
    gone_wrong(cli("watch", "--broker", "mqtt://127.0.0.1"), 2, "bad_url")
