"""A walk with a register of 200 devices: every command reads each entry about once, and once more to write it, however
many are named."""

import pytest
from sealwright.home import Home, register

from tests.cli.runner import gone_wrong
from tests.host_tools.home.fleets import entry

COUNT = 200
MONEY = ("--asset", "nEUR", "--amount", "70")


@pytest.fixture
def large(homed):
    """A home with a board that answers, `meter-0`, and others whose ports nobody listens at."""
    homed.board("meter")
    homed.ok("provision", "emulated:meter", "--name", "meter-0")
    home = Home.open(homed.home)
    for number in range(1, COUNT):
        home.register(entry(f"meter-{number}", url="tcp:127.0.0.1:1"))
    return homed


@pytest.fixture
def reads(monkeypatch):
    """The entries that were read from disk so far."""
    found = []

    def count(path, parse=register.parse_entry):
        found.append(path)
        return parse(path)

    monkeypatch.setattr(register, "parse_entry", count)
    return found


def test_a_fleet(large, reads, tmp_path):
    names = [f"METER-{number}" for number in range(COUNT)]

    def run(*line):
        reads.clear()
        ran = large(*line)
        assert len(reads) <= 2 * COUNT + 20, line
        return ran

    assert len(run("devices", "--json").json) >= COUNT
    run("devices", "group", "street", *names)
    assert len(run("devices", "group", "--json").json) == COUNT
    assert run("ledger", "balances", "--group", "street").code == 0
    out = tmp_path / "a.bundle"
    ran = run("collect", "--group", "street", "--out", out, "--json")
    silent = [one for one in ran.json if one.get("code") == "unreachable"]
    assert (ran.code, len(silent)) == (3, COUNT - 1) and out.stat().st_size > 0
    assert {one["device"] for one in silent} == {f"meter-{number}" for number in range(1, COUNT)}
    told = ran.err.splitlines()
    assert {line.split(": ")[1] for line in told if line.startswith("error: ")} == {one["device"] for one in silent}
    assert sum(line.startswith("remedy: ") for line in told) == 1, "a remedy that all have is said once"
    gone_wrong(large("provision", "emulated:meter", "--name", "Meter-7"), 4, "already_provisioned", "meter-0")

    run("ledger", "deposit", "meter-0", *MONEY)
    hint = run("devices", "forget", "meter-0", "--yes").out.split("`")[1].split()
    old = Home.open(large.home)
    (gone,) = [one for one in old.registered() if not one.active]
    large.board("second")
    ran = run("provision", "emulated:second", "--name", "meter-0")
    assert ran.code == 0, "replaced under its old name"
    assert f"meter-0 (retired {gone.device[:8]}) was in the group street" in ran.err
    assert f"Where a policy has meter-0 (retired {gone.device[:8]}) as payee, it still means that one" in ran.err
    run(*ran.err.split("`")[1].split()[1:])
    assert len(run("devices", "group", "street", "--json").json) == COUNT, "in the place of the old one"
    assert run("info", "meter-0", "--json").last["device"] != gone.device
    assert hint[:4] == ["sealwright", "ledger", "withdraw", gone.device[:16]]
    refused = run(*hint[1:])
    assert refused.code == 1 and refused.err.startswith("test_root: ") and "give --allow-test" in refused.err, refused
    assert run(*hint[1:], "--allow-test").code == 0, "as `forget` said"
    shown = {one["name"] for one in run("ledger", "balances", "--json").json if one["name"]}
    assert shown == {f"meter-0 (retired {gone.device[:8]})"}
