"""A ledger in shards from the command line: divided once, settled side by side, shown and proved as one."""

import pytest

from tests.cli.runner import gone_wrong
from tests.cli.test_cli_ledger import balances, books, settle  # noqa: F401  a fixture
from tests.host_tools.postgres import name_in, server


@pytest.fixture
def place():
    url = server().database()
    yield url
    server().drop(url)


@pytest.fixture
def divided(books, place):  # noqa: F811
    """The books on a server, in two shards, with nothing settled but a deposit."""
    gone_wrong(books("ledger", "shard", "--into", "2", "--allow-test"), 2, "ledger_in_file", "one file with one lock")
    books.ok("ledger", "migrate", "--to", place, "--allow-test")
    (books.home / "config.toml").write_text(f'ledger = "{place}"\n')
    made = books.ok("ledger", "shard", "--into", "2", "--allow-test", "--json").last
    assert made["divided"] and (books.home / "ledger.head").read_text() == f"{made['head']}\n"
    return books


def test_a_ledger_is_divided_once(divided):
    again = divided.ok("ledger", "shard", "--into", "2", "--allow-test", "--json").last
    assert not again["divided"] and again["shards"] == 2
    gone_wrong(divided("ledger", "shard", "--into", "3", "--allow-test"), 2, "already_divided", "has 2 shards already")
    for wrong in ("1", "65"):
        gone_wrong(divided("ledger", "shard", "--into", wrong), 2, "usage", "2 to 64 shards")


def test_settlers_of_some_shards_leave_the_rest_and_say_so(divided):
    line = ("settle", divided.bundle, "--allow-test")
    for wrong, said in (("2", "2 shards, 0 to 1"), ("x", "names no shards"), ("", "names no shards")):
        assert said in divided(*line, "--shards", wrong).err
    one, two = (divided(*line, "--shards", n, "--json") for n in ("0", "1"))
    left = [ran.last.get("left", 0) for ran in (one, two)]
    assert one.code == two.code == 0 and sum(left) >= 2  # a channel is in one of them, and so are its vouchers
    assert [sum(verdict.get("code") == "other_shard" for verdict in ran.json) for ran in (one, two)] == left
    said = [divided(*line, "--shards", n).out for n in ("0", "1")]
    assert ["of other shards: left to who settles those" in one for one in said] == [bool(count) for count in left]
    assert balances(divided) == {"charger": 99400, "solar": 600}
    assert {one["code"] for one in settle(divided).json[:-1]} <= {"ok", "already_settled", "superseded"}


def test_all_shards_are_shown_and_proved_as_one(divided, tmp_path):
    assert settle(divided).code == 0 and balances(divided) == {"charger": 99400, "solar": 600}
    shown = {one["name"]: one for one in divided.ok("ledger", "balances", "--json").json}
    for one in shown.values():
        assert sum(map(int, one["shards"].values())) == int(one["amount"])
    assert {one["kind"] for one in shown.values()} <= {"device", "channel", "world"}
    channels = divided.ok("ledger", "channels", "--json").json
    assert {one["shard"] for one in channels} <= {0, 1}
    report = divided.ok("ledger", "audit", "--allow-test", "--json").last
    assert report["ok"] and report["head"].count(",") == 1 and report["channels"] == len(channels)
    assert divided.ok("ledger", "audit", "--allow-test", "--anchor", report["head"]).code == 0
    made = divided.ok("ledger", "checkpoint", "--out", tmp_path / "one.checkpoint", "--json").last
    assert made["head"] == report["head"] and [one["shard"] for one in made["shards"]] == [0, 1]
    proved = divided.ok("ledger", "receipt", channels[0]["channel"], "--out", tmp_path / "x.receipt", "--json").last
    assert proved["shard"] == channels[0]["shard"]
    root = divided.home / "test-root.pem"
    checked = divided.ok("verify", "--receipt", tmp_path / "x.receipt", "--root", root, "--allow-test", "--json").json
    assert [one["shard"] for one in checked if "shard" in one] == [proved["shard"]]
    divided.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "5")
    divided.ok("ledger", "checkpoint", "--since", tmp_path / "one.checkpoint", "--out", tmp_path / "two.checkpoint")
    assert divided.ok("verify", "--receipt", tmp_path / "two.checkpoint", "--root", root, "--allow-test").code == 0
    assert divided.ok("ledger", "export", "--format", "csv").out.splitlines()[0].endswith(",amount,shard")
    assert divided.ok("doctor", "--json")


def test_a_shard_that_is_gone_is_missed(divided, place):
    head = (divided.home / "ledger.head").read_text()
    (divided.home / "ledger.head").write_text(head.replace(",", ",9"))
    gone_wrong(divided("ledger", "balances"), 4, "log_cut_off", "shard 1 of")
    (divided.home / "ledger.head").write_text(head)
    server().run("DROP SCHEMA sealwright_1 CASCADE", database=name_in(place))
    gone_wrong(divided("ledger", "balances"), 2, "not_a_ledger", "shard 1 of 2 is missing")


def test_the_roles_of_a_ledger_in_shards_are_sql(cli):
    shown = cli.ok("ledger", "postgres-roles", "--shards", "3").out
    for schema in ("sealwright", "sealwright_1", "sealwright_2"):
        assert f"GRANT UPDATE (turn) ON {schema}.shard" in shown
    assert ".turn" not in shown
