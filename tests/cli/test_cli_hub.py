"""`sealwright hub` as a command: what it says, to people and to programs, and what it refuses."""

import json
import signal

import pytest
from sealwright.emulator.board import free_port

from tests.cli.runner import gone_wrong


def test_a_hub_tells_programs_what_it_does_and_goes_on_without_a_part(homed):
    (homed.home / "ledger.db").unlink()
    hub, told = homed.start("hub", "--json", "--broker-port", free_port(), "--port", free_port()), []

    def until(wanted):
        while not any(map(wanted, told)):
            told.append(json.loads(hub.stdout.readline()))

    until(lambda one: (one.get("part"), one.get("event")) == ("settle", "ended"))
    until(lambda one: "intake" in one.get("parts", {}) and "readings" in one["parts"])
    hub.send_signal(signal.SIGTERM)
    out, err = hub.communicate(timeout=60)
    told += map(json.loads, out.splitlines())
    assert hub.returncode == 0, err
    assert {one["part"] for one in told if one.get("event") == "started"} >= {"intake", "settle", "readings", "watch"}
    assert told[-1]["event"] == "ended" and "hub" in told[-1]["parts"]
    assert [one["link"].startswith(one["url"]) for one in told if one.get("event") == "page"] == [True]
    assert (homed.home / "hub" / "inbox").is_dir() and b"Drop bundles into" in err
    assert b"settle ended: the ledger" in err and b"is missing. " in err, "the remedy comes with it"


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
