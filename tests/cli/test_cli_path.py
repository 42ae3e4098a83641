"""The whole way of a new user, with the entry point as installed: from an empty folder to an audited ledger."""

import json

from tests.cli.runner import POLICY


def done(cli, *arguments, stdin=None):
    ran = cli.process(*arguments, stdin=stdin)
    assert ran.code == 0, ran
    return ran


def make_two_machines(cli, policy):
    result = done(cli, "init", "--network", "village", "--json")
    made = result.last
    assert made["network_id"] in result.err and made["test_network_id"] in result.err
    assert made["ok"] and made["network"] == "village" and len(made["network_id"]) == 64
    done(cli, "asset", "add", "nEUR", "--unit", "EUR", "--scale", "9")
    for name, *sensor in (("solar", "--sensor", "ina219"), ("charger",)):
        ran = done(cli, "emulate", "unix", "--name", name, *sensor, "--detach", "--json").last
        assert ran["url"] == f"emulated:{name}" and ran["state"] == "running"
    # over the pty as over TCP
    serial = [one for one in done(cli, "devices", "--json").json if one.get("name") == "charger"][0]["serial"]
    given = done(cli, "provision", "--device", "emulated:solar", "--name", "solar", "--json").last
    assert given["test"] and not given["resumed"] and given["custody"] == 0
    done(cli, "provision", "--device", serial, "--name", "charger", "--policy", policy)


def trade_and_verify(cli, bundle):
    done(cli, "owner", "offer", "--device", "emulated:solar", "--asset", "nEUR", "--unit", "J", "--price", "83")
    done(cli, "ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "5000")
    buying = ("pay", "--payer", "emulated:charger", "--payee", "emulated:solar", "--amount", "900")
    paid = done(cli, *buying, "--pause-ms", "50", "--json").last
    assert paid["state"] == "done" and paid["amount"] == "900" and paid["vouchers"] >= 1
    from_both = ("--device", "emulated:charger", "--device", "emulated:solar")
    assert "readings" in done(cli, "collect", *from_both, "--out", bundle, "--ack").out
    # whoever verifies has a root, and no home
    root, nowhere = cli.home / "test-root.pem", bundle.parent / "nowhere"
    verdicts = done(cli, "verify", bundle, "--root", root, "--allow-test", "--json", "--home", nowhere).json
    assert all(list(one)[:7] == ["n", "type", "ok", "code", "digest", "device", "why"] for one in verdicts)
    assert all(one["ok"] and one["body"] for one in verdicts)
    types = {one["type"] for one in verdicts}
    assert types == {"certificate", "reading", "channel-open", "funding", "voucher", "receipt", "channel-close"}


def settle_and_audit(cli, bundle):
    assert "messages hold" in done(cli, "settle", "-", "--allow-test", stdin=bundle.read_bytes()).out
    balances = {one["name"]: one["amount"] for one in done(cli, "ledger", "balances", "--json").json if one["name"]}
    assert balances == {"charger": "4100", "solar": "900"}
    (channel,) = done(cli, "ledger", "channels", "--json").json
    assert channel["paid"] == "900" and channel["closed"] and channel["remaining"] == "0"
    audit = done(cli, "ledger", "audit", "--allow-test", "--json").last
    assert audit["ok"] and audit["findings"] == 0
    again = done(cli, "ledger", "audit", "--allow-test", "--anchor", audit["head"])
    assert again.out.endswith("Everything holds.\n")
    assert done(cli, "settle", bundle, "--allow-test", "-v").out.count("already_settled") >= 3


def test_from_an_empty_folder_to_an_audited_ledger(cli, tmp_path):
    policy, bundle = tmp_path / "policy.json", tmp_path / "trade.bundle"
    policy.write_text(json.dumps(POLICY))
    make_two_machines(cli, policy)
    trade_and_verify(cli, bundle)
    settle_and_audit(cli, bundle)
    assert done(cli, "emulate", "--stop", "all").out.splitlines() == ["charger stopped", "solar stopped"]
