"""`sealwright hub` as a command: what it says, to people and to programs, and what it refuses."""

import json
import signal

import pytest
from sealwright.emulator.board import free_port

from tests.cli.runner import gone_wrong


def test_a_hub_without_its_ledger_says_so_takes_in_and_ends_with_its_code(homed):
    """A script or systemd that saw 0 here took a hub that settled nothing for a good one."""
    (homed.home / "ledger.db").rename(homed.home / "ledger.away")
    hub, told = homed.start("hub", "--json", "--broker-port", free_port(), "--port", free_port()), []

    def until(wanted):
        while not any(map(wanted, told)):
            told.append(json.loads(hub.stdout.readline()))

    def say(part, what):
        return lambda one: (one.get("part"), one.get("event")) == (part, what)

    until(say("settle", "ended"))
    until(lambda one: "intake" in one.get("parts", {}) and "readings" in one["parts"])
    until(lambda one: one.get("parts", {}).get("hub", {}).get("held"))
    hub_told = told[-1]["parts"]["hub"]["text"]
    assert "settle does not run: the ledger" in hub_told and "is missing. Put it back" in hub_told
    hub.send_signal(signal.SIGTERM)
    out, err = hub.communicate(timeout=60)
    told += map(json.loads, out.splitlines())
    assert hub.returncode == 2, err
    assert {one["part"] for one in told if one.get("event") == "started"} >= {"intake", "settle", "readings", "watch"}
    assert told[-1]["event"] == "ended" and not told[-1]["ok"] and set(told[-1]["failed"]) == {"settle", "watch"}
    assert [one["link"].startswith(one["url"]) for one in told if one.get("event") == "page"] == [True]
    assert (homed.home / "hub" / "inbox").is_dir() and b"Drop bundles into" in err
    assert err.count(b"settle ended: the ledger") == 1 and b"is missing. " in err, "once, and the remedy comes with it"
    assert b"settle did not run at the end: the ledger" in err


def test_a_ledger_that_comes_back_is_settled_into_and_the_hub_ends_well(homed):
    (homed.home / "ledger.db").rename(homed.home / "ledger.away")
    hub, told = homed.start("hub", "--json", "--broker-port", free_port(), "--port", free_port()), []

    def until(wanted):
        while not (told and wanted(told[-1])):
            told.append(json.loads(hub.stdout.readline()))

    until(lambda one: (one.get("part"), one.get("event")) == ("settle", "ended"))
    (homed.home / "ledger.away").rename(homed.home / "ledger.db")
    until(lambda one: (one.get("part"), one.get("event")) == ("settle", "recovered"))
    until(lambda one: not one.get("parts", {}).get("hub", {"held": True})["held"])
    hub.send_signal(signal.SIGTERM)
    _, err = hub.communicate(timeout=60)
    assert hub.returncode == 0, err


@pytest.mark.parametrize(
    ("line", "code", "word"),
    [
        (("hub", "--only", "rule"), "usage", "intake, settle"),
        (("hub", "--demo", "--only", "settle"), "usage", "Leave out --only"),
        (("hub", "--broker", "mqtts://127.0.0.1:1/roof"), "usage", "names a device"),
        (("hub", "--broker-host", 'a b"; evil'), "usage", "is no host"),
        (("hub", "--demo"), "folder_not_empty", "--home"),
        (("owner", "network", "--device", "tcp:127.0.0.1:1", "--broker", "hub", "--ca", "x"), "usage", "Leave out"),
    ],
)
def test_what_it_refuses(homed, line, code, word):
    done = homed(*line, "--json")
    told = done.last
    assert (done.code, told["code"]) == (2, code) and word in f"{told['error']} {told['remedy']}"


def test_a_home_with_a_passphrase_is_refused_before_anything_runs(cli, tmp_path):
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("correct horse\n")
    cli.ok("init", "--passphrase-file", secret)
    gone_wrong(cli("hub", "--seconds", "1"), 2, "passphrase_missing", "is encrypted")


def test_a_hub_says_where_its_page_is_and_how_to_sign_in(homed):
    port = free_port()
    ran = homed.process("hub", "--seconds", "1", "--broker-port", free_port(), "--port", port)
    assert f"The page is at http://127.0.0.1:{port}. This link signs one browser in, once:" in ran.out
