"""Money on the command line: written and shown in units, signed in smallest units, and text in every --json."""

import json
import shutil
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sealwright import emulator
from sealwright.errors import Usage
from sealwright.home import Home
from sealwright.money import MOST, Asset, Assets, Price
from sealwright.operate import trading

from tests.cli.runner import Cli, gone_wrong

EURO = Assets([Asset.declare("nEUR", "EUR", 9)])
DEVICE = "a" * 64
NEUR = ("--asset", "nEUR")
TO_DEVICES = (("--payer", "emulated:none", "--payee", "emulated:none"), ("--device", "emulated:none"))
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERISH = st.from_regex(r"-?[0-9]{0,25}([.,][0-9]{0,12}){0,2} ?(EUR|nEUR|eur|EUR/kWh|nEUR/J|/|)", fullmatch=True)
TEXTS = st.one_of(NUMBERISH, st.text(max_size=30))


@pytest.fixture
def euros(cli):
    """A home whose asset nEUR is written in EUR."""
    cli.ok("init")
    cli.ok("asset", "add", "nEUR", "--unit", "EUR", "--scale", "9")
    return cli


@pytest.fixture
def books(fleet, traded, tmp_path):
    """The fleet's home without its boards, in EUR, the charger funded, and nothing settled yet."""
    home = tmp_path / "books"
    shutil.copytree(fleet.home, home, ignore=shutil.ignore_patterns("boards", "ledger.db*", "assets.toml"))
    cli = Cli(home)
    cli.ok("init")
    cli.ok("asset", "add", "nEUR", "--unit", "EUR", "--scale", "9")
    cli.ok("ledger", "deposit", "charger", "--amount", "1.50EUR")
    return cli


def spaced(text):
    """Text as it reads, however it is laid out."""
    return " ".join(text.split())


def held(cli):
    """What each account of a device holds, in smallest units."""
    found = cli.ok("ledger", "balances", "--json").json
    return {one["name"] or one["id"]: int(one["amount"]) for one in found if one["kind"] == "device"}


def test_assets_are_declared_listed_and_removed(homed):
    added = homed.ok("asset", "add", "cEUR", "--unit", "EUR", "--scale", "2")
    assert added.out == "cEUR is declared: 1 cEUR is 0.01 EUR\n"
    assert homed.ok("asset", "list", "--json").json == [
        {"asset": "cEUR", "unit": "EUR", "scale": 2},
        {"asset": "nEUR", "unit": "nEUR", "scale": 0},
    ]
    assert "1 cEUR = 0.01 EUR" in homed.ok("asset", "list").out
    homed.ok("asset", "add", "cEUR", "--unit", "EUR", "--scale", "2")  # the same again
    gone_wrong(homed("asset", "add", "cEUR", "--unit", "EUR", "--scale", "3"), 2, "asset_exists", "cEUR")
    gone_wrong(
        homed("asset", "add", "nGBP", "--unit", "EUR", "--scale", "9"), 2, "asset_exists", "cEUR has the unit EUR"
    )
    gone_wrong(homed("asset", "add", "GBP", "--unit", "GBP", "--scale", "2"), 2, "bad_unit", "GBP")
    gone_wrong(homed("asset", "add", "nGBP", "--unit", "GBP", "--scale", "19"), 2, "usage", "19 is no scale")
    gone_wrong(homed("asset", "remove", "nGBP"), 2, "unknown_asset", "nGBP")
    homed.ok("asset", "remove", "cEUR")
    assert [one["asset"] for one in homed.ok("asset", "list", "--json").json] == ["nEUR"]


def test_removing_an_asset_loses_no_money(euros):
    euros.ok("ledger", "deposit", DEVICE, "--amount", "1.50 EUR")
    gone_wrong(euros("asset", "remove", "nEUR"), 2, "not_confirmed", "holds money in nEUR")
    euros.ok("asset", "remove", "nEUR", "--yes")
    assert "1,500,000,000 nEUR" in euros.ok("ledger", "balances").out and held(euros) == {DEVICE: 1_500_000_000}
    gone_wrong(euros("ledger", "deposit", DEVICE, *NEUR, "--amount", "1"), 2, "unknown_asset", "'nEUR'")


def test_deposits_in_units_and_in_smallest_units(euros):
    said = euros.ok("ledger", "deposit", DEVICE, "--amount", "1.50EUR").out
    assert said == f"1.50 EUR for {DEVICE[:16]}, which has 1.50 EUR now\n"
    last = euros.ok("ledger", "deposit", DEVICE, *NEUR, "--amount", "20000", "--json").last
    assert (last["asset"], last["amount"], last["balance"]) == ("nEUR", "20000", "1500020000")
    assert "1.50002 EUR" in euros.ok("ledger", "balances").out
    gone_wrong(euros("ledger", "deposit", DEVICE, "--amount", "20000"), 2, "bad_amount", "no unit")
    gone_wrong(euros("ledger", "deposit", DEVICE, *NEUR, "--amount", "1,500 EUR"), 2, "bad_amount", "two meanings")
    gone_wrong(euros("ledger", "deposit", DEVICE, *NEUR, "--amount", "0"), 2, "bad_amount", "moves nothing")
    gone_wrong(euros("ledger", "withdraw", DEVICE, "--amount", "1.5 EURO"), 2, "unknown_asset", "EURO")
    assert held(euros) == {DEVICE: 1_500_020_000}


def test_a_mistyped_asset_is_refused_and_a_new_one_is_new_on_purpose(euros, tmp_path):
    mistyped = ("--asset", "nEURO", "--amount", "5")
    gone_wrong(euros("ledger", "deposit", DEVICE, *mistyped), 2, "unknown_asset", "nEURO")
    assert "Did you mean nEUR?" in euros("ledger", "deposit", DEVICE, *mistyped).err
    offer = ("owner", "offer", "--device", "emulated:none", "--asset", "nEURO", "--unit", "J", "--price", "5")
    gone_wrong(euros(*offer), 2, "unknown_asset", "nEURO")
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"assets": {"nEURO": {"per_voucher": 1, "per_day": 1}}}))
    for command in (("owner", "policy", file), ("provision", "--name", "n", "--policy", file)):
        gone_wrong(euros(*command, "--device", "emulated:none"), 2, "unknown_asset", "nEURO")
    tray = tmp_path / "tray.csv"
    tray.write_text("name,device,board,policy\none,emulated:none,,policy.json\n")
    gone_wrong(euros("batch", "--boards", tray), 2, "unknown_asset", "nEURO", "line 2")
    assert held(euros) == {}
    gone_wrong(euros("ledger", "deposit", DEVICE, "--amount", "5 gold", "--new-asset"), 2, "usage", "--asset")
    euros.ok("ledger", "deposit", DEVICE, "--asset", "gold", "--amount", "5", "--new-asset")
    euros.ok("ledger", "deposit", DEVICE, "--amount", "5 gold")
    assert held(euros) == {DEVICE: 10}


def test_a_deposit_that_is_refused_declares_nothing(euros):
    euros.ok("ledger", "deposit", DEVICE, *NEUR, "--amount", MOST)
    ran = euros("ledger", "deposit", DEVICE, *NEUR, "--amount", "1", "--new-asset", "--json")
    assert (ran.code, ran.last["code"], ran.last["balance"]) == (1, "over_supply", str(MOST))
    gone_wrong(euros("ledger", "deposit", DEVICE, "--asset", "gold", "--amount", "x", "--new-asset"), 2, "bad_amount")
    assert [one["asset"] for one in euros.ok("asset", "list", "--json").json] == ["nEUR"]


def test_json_has_every_amount_as_text(euros):
    """JavaScript's numbers are exact up to 2**53."""
    euros.ok("ledger", "deposit", DEVICE, *NEUR, "--amount", MOST)
    for line in (("ledger", "balances", "--json"), ("ledger", "export")):
        found = euros.ok(*line)
        assert {abs(int(one["amount"])) for one in found.json} == {MOST}
        assert all(isinstance(one["amount"], str) for one in found.json)


def test_an_offer_is_priced_as_people_price(fleet):
    solar = ("owner", "offer", "--device", "emulated:solar")
    fleet.ok("asset", "add", "uGBP", "--unit", "GBP", "--scale", "6")
    try:
        said = fleet.ok(*solar, "--price", "0.36 GBP/Wh").out
        assert said == "emulated:solar sells for 360.00 GBP/kWh (100 uGBP/J) now\n"
        last = fleet.ok(*solar, "--price", "100 uGBP/J", "--json").last["offer"]
        assert last == {"asset": "uGBP", "unit": "J", "price": "100"}
        ran = fleet(*solar, "--price", "0.30 GBP/kWh")
        gone_wrong(ran, 2, "bad_price", "no whole number of uGBP for one J")
        assert "3.60 GBP/kWh (1 uGBP/J)" in ran.err
        gone_wrong(fleet(*solar, "--price", "0.30 GBP/kwh"), 2, "bad_price", "'kwh'")
        gone_wrong(
            fleet(*solar, "--price", "0.36 GBP/Wh", "--unit", "reading"), 2, "bad_price", "no price of one reading"
        )
        info = fleet.ok("info", "--device", "emulated:solar")
        assert "sells for 360.00 GBP/kWh (100 uGBP/J)" in spaced(info.out) and info.again().last["offer"][2] == "100"
    finally:
        fleet.ok(*solar, *NEUR, "--unit", "J", "--price", "83")


def test_a_device_guards_itself_in_the_unit_it_sells_for(fleet):
    solar = ("--device", "emulated:solar")
    try:
        fleet.ok("owner", "protect", *solar, "--credit", "1500 nEUR")
        shown = fleet.ok("info", *solar)
        assert "protection channels per payer 8, credit 1,500 nEUR, least left 3,600" in spaced(shown.out)
        numbers = shown.again().last["protection"]
        assert (numbers["credit"], numbers["channels_per_payer"]) == ("1500", 8)
        gone_wrong(fleet("owner", "protect", *solar, "--credit", "5 XYZ"), 2, "unknown_asset", "XYZ")
    finally:
        fleet.ok("owner", "protect", *solar, "--credit", "0")


def test_a_policy_in_units(euros, tmp_path):
    file = tmp_path / "policy.json"
    file.write_text(
        '{"assets": {"nEUR": {"per_voucher": "0.02 EUR", "per_day": "500000"}}, "button_above": "0.01 EUR"}'
    )
    euros.board("car")
    said = euros.ok("provision", "--device", "emulated:car", "--name", "car", "--policy", file).out
    assert "0.02 EUR a voucher, 0.0005 EUR a day; button above 0.01 EUR" in said
    policy = euros.ok("info", "--device", "emulated:car", "--json").last["policy"]
    assert policy["assets"] == {"nEUR": {"per_voucher": "20000000", "per_day": "500000"}}
    assert policy["button_above"] == "10000000"
    for wrong in ('"0.02 USD"', "0.02", '"1,500 EUR"', "true", '"-1"', "1e3", "NaN"):
        file.write_text(f'{{"assets": {{"nEUR": {{"per_voucher": {wrong}, "per_day": 1}}}}}}')
        ran = euros("owner", "policy", file, "--device", "emulated:car")
        assert ran.code == 2 and "error: " in ran.err, (wrong, ran)


def test_a_trade_in_units(euros, tmp_path):
    euros.provisioned("solar", "ina219")
    euros.provisioned("car")
    euros.ok("owner", "offer", "--device", "emulated:solar", "--price", "0.2988 EUR/kWh")
    euros.ok("ledger", "deposit", "car", "--amount", "0.50 EUR")
    buy = ("pay", "--payer", "emulated:car", "--payee", "emulated:solar", "--pause-ms", "20")
    ran = euros(*buy, "--amount", "0.000000300 EUR", "--max-price", "0.29 EUR/kWh")
    gone_wrong(ran, 2, "usage", "costs 0.000000083 EUR, more than 0.00000008 EUR")
    gone_wrong(euros(*buy, "--amount", "0"), 2, "bad_amount", "moves nothing")
    ran = euros.ok(*buy, "--amount", "0.000000300 EUR", "--max-price", "0.30 EUR/kWh")
    assert ran.out.startswith("Done: 0.0000003 EUR promised in ")
    info = euros.ok("info", "--device", "emulated:car").out
    assert "0.0000003 EUR promised in" in info and "may claim" not in info
    info = euros.ok("info", "--device", "emulated:solar")
    assert "may claim 0.0000003 EUR from car until 20" in spaced(info.out)
    (claim,) = info.again().last["claimable"]
    (channel,) = euros.ok("ledger", "channels", "--json").json
    assert (claim["amount"], claim["paid"], claim["asset"]) == ("300", "0", "nEUR")
    assert claim["channel"] == channel["channel"] and claim["claimable_until"] == channel["claimable_until"]
    bundle, boards = tmp_path / "day.bundle", ("--device", "emulated:car", "--device", "emulated:solar")
    out = euros.ok("collect", *boards, "--out", bundle).out
    assert "solar may claim 0.0000003 EUR from car until 20" in out
    assert "new messages" in out.splitlines()[-1], "the sum, and what failed, come last"
    again = euros.ok("collect", *boards, "--out", bundle, "--json").last
    assert again["messages"] == 0 or again["readings"] == again["messages"], "nothing new of the channel"
    assert again["claimable"] == [claim]
    euros.ok("settle", bundle, "--allow-test")
    assert euros.ok("collect", *boards, "--out", bundle, "--json").last["claimable"] == []
    assert "may claim" not in euros.ok("info", "--device", "emulated:solar").out


def test_an_amount_is_never_meant_for_another_offer(fleet):
    home, board = Home.open(fleet.home), emulator.resolve
    with board(home, "emulated:charger") as payer, board(home, "emulated:solar") as payee:
        meant = trading.offer_of(payee)
        assert meant == Price("nEUR", "J", 83)
        with pytest.raises(Usage, match="changed its offer"):
            trading.order(home, payer, payee, 600, offer=replace(meant, asset="gold"))


def test_settling_ends_with_what_moved(books, traded):
    ran = books.ok("settle", traded, "--allow-test")
    ending = ran.out[ran.out.index("messages hold") :].splitlines()
    assert ending[1:5] == [
        "",
        "paid       0.0000006 EUR from charger to solar",
        "locked     0.0000006 EUR of charger, in a channel to solar",
        "",
    ]
    assert ending[5].split() == [*("channel", "payer", "payee", "paid", "refunded", "left", "claimable", "until")]
    assert ending[6].split()[1:] == [*"charger solar 0.0000006 EUR 0.00 EUR 0.00 EUR settled".split()]
    assert len(ending) == 7
    again = books.ok("settle", traded, "--allow-test").out
    assert "\nNothing moved.\n" in again and again.split()[-1] == "settled"
    assert held(books) == {"charger": 1_499_999_400, "solar": 600}


def test_what_moved_for_programs(books, traded):
    last = books.ok("settle", traded, "--allow-test", "--json").last
    names = {one["name"]: one["device"] for one in books.ok("devices", "--json").json if one.get("device")}
    paid, locked = last["moved"]
    assert paid == {
        "what": "paid",
        "payer": names["charger"],
        "payee": names["solar"],
        "payer_name": "charger",
        "payee_name": "solar",
        "asset": "nEUR",
        "amount": "600",
    }
    assert locked == paid | {"what": "locked"} and last["ok"] and last["waiting"] == []
    (channel,) = last["channels"]
    assert (channel["paid"], channel["refunded"], channel["remaining"]) == ("600", "0", "0")


def test_without_money_settling_says_who_can_still_claim(books, traded, tmp_path):
    poor = Cli(tmp_path / "poor")
    shutil.copytree(books.home, poor.home, ignore=shutil.ignore_patterns("ledger.db*", "ledger.head"))
    poor.ok("init")
    ran = poor("settle", traded, "--allow-test")
    assert ran.code == 1 and "solar can still claim up to 0.0000006 EUR until 20" in ran.err
    assert ran.out.endswith("\nNothing moved.\n")
    (waiting,) = poor("settle", traded, "--allow-test", "--json").last["waiting"]
    assert (waiting["amount"], waiting["asset"]) == ("600", "nEUR") and waiting["code"]


@QUICK
@given(st.integers(1, 10**12))
def test_a_deposit_is_exact(euros, value):
    before = held(euros).get(DEVICE, 0)
    euros.ok("ledger", "deposit", DEVICE, "--amount", EURO.show(value, "nEUR"))
    assert held(euros)[DEVICE] - before == value


@QUICK
@given(TEXTS, st.sampled_from(((), NEUR, ("--asset", "gold"))))
@example("9" * 5000, NEUR)
def test_any_amount_moves_what_it_says_or_is_refused(euros, text, asset):
    before = held(euros).get(DEVICE, 0)
    ran = euros("ledger", "deposit", DEVICE, *asset, f"--amount={text}", "--json")
    if ran.code == 0:
        assert held(euros)[DEVICE] - before == int(ran.last["amount"]) == EURO.parse(text, "nEUR").value > 0
    else:
        assert ran.code in (1, 2) and ran.last["code"] in REFUSALS and held(euros).get(DEVICE, 0) == before
    ran = euros("ledger", "withdraw", "b" * 64, *asset, f"--amount={text}", "--json")
    assert ran.code in (1, 2) and not ran.last["ok"], "a device that has nothing"


@QUICK
@given(TEXTS)
@example("0.30 EUR/kWh/J")
def test_any_price_or_amount_for_a_device_is_read_or_refused(euros, text):
    pair, one = TO_DEVICES
    for line in (
        ("pay", *pair, f"--amount={text}"),
        ("pay", *pair, "--amount=1", f"--max-price={text}"),
        ("owner", "offer", *one, f"--price={text}"),
        ("owner", "offer", *one, *NEUR, "--unit", "J", f"--price={text}"),
        ("owner", "protect", *one, f"--credit={text}"),
    ):
        ran = euros(*line, "--json")
        assert ran.code == 2 and ran.last["code"] in {*REFUSALS, "unknown_board", "usage"}, (line, ran)


@QUICK
@given(st.one_of(TEXTS, st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.integers())))
def test_any_amount_of_a_policy_is_read_or_refused(euros, tmp_path, value):
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"assets": {"nEUR": {"per_voucher": value, "per_day": 1}}, "button_above": value}))
    ran = euros("owner", "policy", file, "--device", "emulated:none", "--json")
    assert ran.code == 2 and ran.last["code"] in {*REFUSALS, "unknown_board", "bad_policy"}, ran


REFUSALS = {"bad_amount", "bad_price", "unknown_asset", "bad_asset", "over_supply"}
