"""Trades ordered from the command line: done, stopped by a limit, left alone, and when a device goes away."""

import json
import re

import pytest

from tests.cli.runner import POLICY, ended, gone_wrong, interrupted, wait_until


def pay(amount, *options, payer="charger", payee="solar"):
    parties = ("--payer", f"emulated:{payer}", "--payee", f"emulated:{payee}")
    return ("pay", *parties, "--amount", amount, *options)


@pytest.fixture
def trade(homed):
    """A home with a seller and a buyer of its own."""
    solar, charger = homed.provisioned("solar", "ina219"), homed.provisioned("charger")
    homed.ok("owner", "offer", "--device", "emulated:solar", "--asset", "nEUR", "--unit", "J", "--price", "1")
    homed.ok("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "1000000000")
    return homed, solar, charger


def order(cli):
    return cli("info", "--device", "emulated:charger", "--json").last["order"]


def test_progress_and_outcome(fleet):
    ran = fleet.ok(*pay("300", "--pause-ms", "20", "--json"))
    amounts = [int(one["amount"]) for one in ran.json]
    assert amounts == sorted(amounts) and amounts[-1] == 300
    states = [one["state"] for one in ran.json]
    assert states[-1] == "done" and set(states[:-1]) <= {"active", "waiting"}
    done = fleet.ok(*pay("300", "--pause-ms", "20"))
    assert done.out.startswith("Done: 300 nEUR promised in ") and "is funded" in done.err


def test_what_cannot_be_ordered(fleet, homed):
    gone_wrong(fleet(*pay("82")), 2, "usage", "costs 83 nEUR")
    gone_wrong(fleet(*pay("300", "--max-price", "82")), 2, "usage", "costs 83 nEUR, more than 82")
    gone_wrong(fleet(*pay("100", payer="solar", payee="charger")), 2, "no_offer", "sells nothing")
    homed.board("blank")
    gone_wrong(homed(*pay("5", payer="blank", payee="blank")), 4, "not_provisioned", "blank")
    foreign = ("pay", "--payer", "emulated:charger", "--payee", f"tcp:127.0.0.1:{port_of(homed, 'blank')}")
    gone_wrong(fleet(*foreign, "--amount", "500"), 4, "not_provisioned", "is blank")


def port_of(cli, name):
    (entry,) = [one for one in cli("devices", "--json").json if one.get("url") == f"emulated:{name}" and "tcp" in one]
    return entry["tcp"].rsplit(":", 1)[1]


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"assets": {"nEUR": {"per_voucher": 10, "per_day": 10**9}}}, "one voucher"),
        ({"assets": {"nEUR": {"per_voucher": 10**6, "per_day": 50}}}, "in a day"),
        ({"assets": {"gold": {"per_voucher": 10**6, "per_day": 10**9}}}, "nothing in this asset"),
        ({**POLICY, "payees": ["00" * 32]}, "payee is not on"),
        ({**POLICY, "button_above": 20}, "button"),
        ({**POLICY, "not_after": 1_000_000_000}, "policy has ended"),
    ],
    ids=["voucher", "day", "asset", "payee", "button", "ended"],
)
def test_each_limit_of_a_policy_stops_it(fleet, tmp_path, policy, words):
    fleet.ok("asset", "add", "gold")
    file = tmp_path / "limits.json"
    file.write_text(json.dumps(policy))
    fleet.ok("owner", "policy", file, "--device", "emulated:charger")
    try:
        gone_wrong(fleet(*pay("100000", "--pause-ms", "20")), 4, "trade_failed", "ended early", words, "0 nEUR")
    finally:
        file.write_text(json.dumps(POLICY))
        fleet.ok("owner", "policy", file, "--device", "emulated:charger")


def test_pause_resume_and_stop(trade):
    cli, _, _ = trade
    cli.ok("owner", "pause", "--device", "emulated:charger")
    gone_wrong(cli(*pay("500")), 4, "trade_failed", "paused by its owner")
    cli.ok("owner", "resume", "--device", "emulated:charger")
    started = cli.ok(*pay("1000000", "--no-wait", "--json")).last
    assert started["state"] == "active" and started["unit"] == "J"
    gone_wrong(cli(*pay("500"))._replace(again=None), 4, "order_active", "active order: J from")  # one at a time
    cli.ok("owner", "stop", "--device", "emulated:charger")
    assert order(cli)["state"] == "stopped"


def test_ctrl_c_leaves_the_trade_to_the_devices(trade):
    cli, _, _ = trade
    process = cli.start(*pay("1000000", "--pause-ms", "50"))
    wait_until(lambda: (order(cli) or {"vouchers": 0})["vouchers"] >= 2)
    ran = interrupted(process)
    assert ran.code == 130 and "goes on without this command" in ran.err
    before = order(cli)["vouchers"]
    wait_until(lambda: order(cli)["vouchers"] > before)
    cli.ok("owner", "stop", "--device", "emulated:charger")


def test_a_seller_without_room_is_named_before_anything_is_ordered(trade, tmp_path):
    cli, _, _ = trade
    for _ in range(2):
        cli.ok(*pay("50", "--pause-ms", "0"))
    before = cli("ledger", "balances", "--json").out
    third = cli(*pay("50", "--pause-ms", "0"))
    gone_wrong(third, 4, "channels_full", "2 paid channels with emulated:charger")
    assert "collect emulated:solar --ack" in third.err
    assert order(cli)["state"] == "done" and cli("ledger", "balances", "--json").out == before, "nothing was locked"
    cli.ok("collect", "emulated:solar", "--ack", "--out", tmp_path / "room.bundle")
    cli.ok(*pay("50", "--pause-ms", "0"))


def test_a_channel_that_ended_without_a_close_makes_room(trade, tmp_path):
    cli, solar, _ = trade
    short = ("--least-left", "0", "--least-window", "0")
    cli.ok("owner", "protect", "--device", "emulated:solar", "--channels-per-payer", "1", *short)
    cli.ok("owner", "protect", "--device", "emulated:charger", *short)
    cli.ok(*pay("100000", "--pause-ms", "50", "--seconds", "20", "--no-wait"))
    wait_until(lambda: (order(cli) or {"vouchers": 0})["vouchers"] >= 2)
    solar.kill()
    cli.ok("owner", "stop", "--device", "emulated:charger")  # nobody is there to close it
    solar.start()
    third = cli(*pay("5000"))
    gone_wrong(third, 4, "channels_full", "1 paid channel with")
    assert "None of them is closed" in third.err

    def channels(name):
        cli.ok("collect", f"emulated:{name}", "--ack", "--out", tmp_path / f"{name}.bundle")
        return cli("info", "--device", f"emulated:{name}", "--json").last["channels"]

    wait_until(lambda: channels("solar") == [0, 0])
    assert cli("verify", tmp_path / "solar.bundle", "--allow-test").code == 0
    wait_until(lambda: channels("charger") == [0, 0])  # once the claim has ended, and its deposit is back
    cli.ok(*pay("50", "--pause-ms", "0"))


@pytest.mark.parametrize("gone", ["payer", "payee"])
def test_a_device_goes_away(trade, gone, tmp_path):
    cli, solar, charger = trade
    process = cli.start(*pay("100000", "--pause-ms", "50"))
    wait_until(lambda: (order(cli) or {"vouchers": 0})["vouchers"] >= 2)
    board = charger if gone == "payer" else solar
    before = order(cli)
    board.kill()
    ran = ended(process)
    # the payer may have had its own word on it before
    err = re.sub(r"channel \w+ is funded\n", "", ran.err)
    ran = ran._replace(err=re.sub(r"The payer tries again: emulated:charger: its peer did not answer.\n", "", err))
    gone_wrong(ran, 3, "unreachable", f"the {gone} is gone")
    board.start()  # and the trade goes on where it was
    wait_until(lambda: order(cli)["vouchers"] > before["vouchers"])
    assert int(order(cli)["amount"]) > int(before["amount"])
    cli.ok("owner", "stop", "--device", "emulated:charger")
    devices = ("--device", "emulated:charger", "--device", "emulated:solar")
    cli.ok("collect", *devices, "--out", tmp_path / "t.bundle")
    assert cli("verify", tmp_path / "t.bundle", "--allow-test").code == 0


def test_offers(fleet):
    station = ("owner", "offer", "--device", "emulated:station")
    fleet.ok(*station, "--asset", "nEUR", "--unit", "reading", "--price", "2000")
    bought = fleet.ok(*pay("4000", "--pause-ms", "10", "--json", payee="station")).last
    assert (bought["unit"], bought["amount"], bought["vouchers"]) == ("reading", "4000", 2)
    assert "bought last" in fleet("info", "--device", "emulated:charger").out
    fleet.ok(*station, "--none")
    assert fleet("info", "--device", "emulated:station", "--json").last["offer"] is None
    gone_wrong(fleet(*station), 2, "usage", "--price")
    gone_wrong(fleet(*station, "--none", "--price", "1"), 2, "usage", "--none")
    gone_wrong(fleet("owner", "interval", "0", "--device", "emulated:station"), 2, "usage", "SECONDS")
    fleet.ok("owner", "clock", "--device", "emulated:station")


def test_the_owner_of_another_home_is_refused(fleet, homed):
    url = f"tcp:127.0.0.1:{port_of(fleet, 'charger')}"
    gone_wrong(homed("owner", "pause", "--device", url), 4, "unknown_device", "no device at")
    assert fleet("info", "--device", "emulated:charger", "--json").last["paused"] is False


def test_paying_by_name(fleet):
    fleet.ok("pay", "--payer", "CHARGER", "--payee", "solar", "--amount", "600", "--pause-ms", "50")
    gone_wrong(fleet("pay", "--payer", "charger", "--payee", "nobody", "--amount", "5"), 2, "unknown_device", "nobody")
