"""`owner transfer`, `accept`, `delegate` and the rest: a device in a second owner's home, and in an operator's."""

import pytest
from sealwright.home import Home
from sealwright.wire.bundle import read_bundle

from tests.cli.runner import Cli, gone_wrong


@pytest.fixture
def other(homed, tmp_path):
    """The command in a second home, which issued nothing; its boards are the first one's."""
    made = Cli(tmp_path / "other")
    made.ok("init", "--network", "another net")
    made.ok("asset", "add", "nEUR")
    return made


def url_of(homed, name):
    rows = homed("devices", "--json").json
    return next(row["tcp"] for row in rows if row["kind"] == "emulated" and row["name"] == name)


def key_of(cli):
    return cli("owner", "key", "--json").last["key"]


def test_a_device_changes_hands_with_its_money(homed, other, tmp_path):
    homed.provisioned("car")
    homed.ok("ledger", "deposit", "car", "--asset", "nEUR", "--amount", "1000")
    url, given = url_of(homed, "car"), tmp_path / "car.transfer"
    gone_wrong(
        homed("owner", "transfer", "car", "--to", key_of(other), "--out", given), 2, "not_confirmed", "taken back"
    )
    gone_wrong(homed("owner", "transfer", "car", "--yes"), 2, "usage", "to whom")
    homed.ok("owner", "transfer", "car", "--to", key_of(other), "--out", given, "--yes")
    homed.ok("owner", "pause", "car")  # until the other one accepts it nothing has changed
    gone_wrong(homed("owner", "accept", given, "--device", url), 2, "no_transfer", "but to did:key:")
    gone_wrong(other("owner", "accept", given, "--device", url), 2, "no_name", "never had")
    for _ in range(2):  # the second run finds that the first has done it
        assert other("owner", "accept", given, "--device", url, "--name", "roadster", "--json").last["transfers"] == 1
    gone_wrong(homed("owner", "resume", "car"), 4, "former_owner", "transferred it")
    (row,) = other("owner", "history", "roadster", "--json").json
    assert (row["generation"], row["from"], row["to"]) == (1, key_of(homed), key_of(other))
    assert "this home" in homed("owner", "history", "car").out
    gone_wrong(
        homed("owner", "transfer", "car", "--to", key_of(homed), "--yes"), 4, "not_the_owner", "not the device's"
    )
    other.ok("owner", "resume", "roadster")
    shown = other("info", "roadster", "--json").last
    assert shown["paused"] is False and shown["transfers"] == 1
    assert "1 transfer since" in homed("info", "car").out

    def withdrawn(cli, *more):
        return cli("ledger", "withdraw", "--asset", "nEUR", "--amount", "10", *more, "--allow-test", "--json").last[
            "code"
        ]

    homed.ok("collect", "car", "--out", tmp_path / "car.bundle")
    verdicts = homed("verify", tmp_path / "car.bundle", "--allow-test", "--json", "-v").json
    assert {"transfer", "status"} <= {row["type"] for row in verdicts if row.get("ok")}
    assert f"#1 to {key_of(other)}" in homed("verify", tmp_path / "car.bundle", "--allow-test", "-v").out
    settled = homed("settle", tmp_path / "car.bundle", "--allow-test", "--json")
    assert settled.code == 0, "the grant comes from the home"
    numbers = sorted(row["n"] for row in settled.json if "type" in row)
    assert numbers == list(range(len(list(read_bundle(tmp_path / "car.bundle")))))
    assert withdrawn(homed, "car") == "not_the_owner"
    order = tmp_path / "order"
    other.ok("ledger", "withdraw", "roadster", "--asset", "nEUR", "--amount", "1000", "--order", order)
    homed.ok("settle", order, "--allow-test")
    assert not [
        row for row in homed("ledger", "balances", "--json").json if row.get("kind") == "device" and int(row["amount"])
    ]
    homed.ok("ledger", "audit", "--allow-test")
    homed.ok("renew", "car")  # its issuer renews it all the same
    other.ok("owner", "pause", "roadster")


def test_a_device_goes_to_another_home_of_this_machine(homed, other):
    homed.provisioned("car")
    assert "one owner" in homed("owner", "history", "car").out
    other.ok("asset", "remove", "nEUR")
    said = homed.ok("owner", "transfer", "car", "--to-home", other.home, "--yes").err
    assert f"`sealwright asset add nEUR --home {other.home}`" in said
    gone_wrong(homed("owner", "pause", "car"), 4, "former_owner", "transferred it")
    entry = next(iter(Home.open(other.home).registered()))
    assert entry.name == "car" and len(Home.open(other.home).transfers(bytes.fromhex(entry.device))) == 1
    assert entry.url == url_of(homed, "car"), "one that the other home can reach: the board is the first home's"
    assert other.ok("info", "car", "--json").last["device"] == entry.device
    other.ok("owner", "pause", "car")
    # and back, which ends what was delegated meanwhile
    url = url_of(homed, "car")
    other.ok("owner", "interval", "33", f"car@{url}")
    homed_key = key_of(homed)
    other.ok("owner", "transfer", f"car@{url}", "--to", homed_key, "--out", other.home.parent / "back", "--yes")
    homed.ok("owner", "accept", other.home.parent / "back", "--device", url)
    homed.ok("owner", "pause", f"car@{url}")
    assert len(list(read_bundle(other.home.parent / "back"))) == 3, "the grant, and both transfers"


def test_an_asset_that_the_new_home_has_not_declared_is_named(homed, tmp_path):
    homed.ok("asset", "add", "nEUR", "--unit", "EUR", "--scale", "9")
    homed.provisioned("car")
    other, given = Cli(tmp_path / "other"), tmp_path / "car.transfer"
    other.ok("init", "--network", "another net")
    homed.ok("owner", "transfer", "car", "--to", key_of(other), "--out", given, "--yes")
    accept = ("owner", "accept", given, "--device", url_of(homed, "car"), "--name", "car")
    assert other.ok(*accept, "--json").last["undeclared"] == ["nEUR"]
    said = other.ok(*accept).err
    assert "nEUR" in said and "`sealwright asset add nEUR`" in said and "--unit and --scale" in said
    refused = other("owner", "offer", "car", "--price", "0.36EUR/J")
    gone_wrong(refused, 2, "unknown_asset", "'EUR'")
    assert "one of another home" in refused.err
    other.ok("asset", "add", "nEUR", "--unit", "EUR", "--scale", "9")
    assert other.ok(*accept, "--json").last["undeclared"] == [] and "asset add" not in other.ok(*accept).err


def test_an_operator_orders_what_is_delegated(homed, other, tmp_path):
    homed.provisioned("car")
    url, given, key = url_of(homed, "car"), tmp_path / "car.delegation", key_of(other)
    until = ("--until", "2099-01-01")
    for ops in ("wipe", "pause,policy", "p\u0430use", ""):
        gone_wrong(homed("owner", "delegate", "car", "--to", key, "--ops", ops, *until), 2, "not_delegable", "")
    gone_wrong(
        homed("owner", "delegate", "car", "--to", "did:key:z1", "--ops", "pause", *until), 2, "bad_key", "no key"
    )
    gone_wrong(
        homed("owner", "delegate", "car", "--to", key, "--ops", "pause", "--until", "2026-01-01"), 2, "usage", "ended"
    )
    homed.ok("owner", "delegate", "car", "--to", key, "--ops", "pause, interval", *until, "--out", given)
    gone_wrong(homed("owner", "keep", given, "--device", url), 2, "not_delegated", "another key")
    other.ok("owner", "keep", given, "--device", url, "--name", "roadster")
    other.ok("owner", "pause", "roadster")
    other.ok("owner", "interval", "44", "roadster")
    gone_wrong(other("owner", "resume", "roadster"), 4, "not_delegated", "resume")
    shown = homed("info", "car", "--json").last
    assert shown["paused"] is True and shown["interval"] == 44
    homed.ok("owner", "resume", "car")  # one sequence of numbers: both go on
    other.ok("owner", "pause", "roadster")
    for cli in (homed, other):
        (row,) = cli("owner", "delegations", "--json").json
        assert row["ops"] == ["interval", "pause"] and row["operator"] == key
    assert homed("owner", "undelegate", "car", "--json").last["ended"] == 1
    gone_wrong(other("owner", "pause", "roadster"), 4, "delegation_ended", "has ended")
