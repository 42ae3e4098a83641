"""The whole way of a new user, with the entry point as installed: from an empty folder to an audited ledger."""

import json

from tests.cli.runner import POLICY


def test_from_an_empty_folder_to_an_audited_ledger(cli, tmp_path):
    def run(*arguments, stdin=None):
        ran = cli.process(*arguments, stdin=stdin)
        assert ran.code == 0, ran
        return ran

    made = run("init", "--network", "village", "--json").last
    assert made["ok"] and made["network"] == "village" and len(made["network_id"]) == 64

    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(POLICY))
    for name, *sensor in (("solar", "--sensor", "ina219"), ("charger",)):
        ran = run("emulate", "unix", "--name", name, *sensor, "--detach", "--json").last
        assert ran["url"] == f"emulated:{name}" and ran["state"] == "running"
    # over the pty as over TCP
    serial = [one for one in run("devices", "--json").json if one.get("name") == "charger"][0]["serial"]
    given = run("provision", "--device", "emulated:solar", "--name", "solar", "--json").last
    assert given["test"] and not given["resumed"] and given["custody"] == 0
    run("provision", "--device", serial, "--name", "charger", "--policy", policy)

    run("owner", "offer", "--device", "emulated:solar", "--asset", "nEUR", "--unit", "J", "--price", "83")
    buying = ("pay", "--payer", "emulated:charger", "--payee", "emulated:solar", "--amount", "900")
    paid = run(*buying, "--pause-ms", "50", "--json").last
    assert paid["state"] == "done" and paid["amount"] == 900 and paid["vouchers"] >= 1

    bundle = tmp_path / "trade.bundle"
    from_both = ("--device", "emulated:charger", "--device", "emulated:solar")
    assert "readings" in run("collect", *from_both, "--out", bundle, "--ack").out
    root = cli.home / "test-root.pem"
    verdicts = run("verify", bundle, "--root", root, "--allow-test", "--json", "--home", tmp_path / "nowhere").json
    assert all(one["ok"] for one in verdicts)
    types = {one["type"] for one in verdicts}
    assert types == {"certificate", "reading", "channel-open", "voucher", "receipt", "channel-close"}

    run("ledger", "deposit", "charger", "--asset", "nEUR", "--amount", "5000")
    assert "messages hold" in run("settle", "-", "--allow-test", stdin=bundle.read_bytes()).out
    balances = {one["name"]: one["amount"] for one in run("ledger", "balances", "--json").json if one["name"]}
    assert balances == {"charger": 4100, "solar": 900}
    (channel,) = run("ledger", "channels", "--json").json
    assert channel["paid"] == 900 and channel["closed"] and channel["remaining"] == 0
    audit = run("ledger", "audit", "--allow-test", "--json").last
    assert audit["ok"] and audit["findings"] == 0
    assert run("ledger", "audit", "--allow-test", "--anchor", audit["head"]).out.endswith("Everything holds.\n")
    assert run("settle", bundle, "--allow-test").out.count("already_settled") >= 3
    assert run("emulate", "--stop", "all").out.splitlines() == ["charger stopped", "solar stopped"]
