"""`sealwright hub` as a command: what it says, to people and to programs, and what it refuses."""

import pytest
from sealwright.emulator.board import free_port


def test_a_hub_runs_for_a_while_and_tells_programs_what_it_does(homed):
    (homed.home / "ledger.db").unlink()
    done = homed.process("hub", "--seconds", "5", "--json", "--broker-port", free_port())
    told = done.json
    assert done.code == 0, done.err
    started = {one["part"] for one in told if one.get("event") == "started"}
    assert started >= {"intake", "settle", "readings", "watch"}
    assert told[-1]["event"] == "ended" and {"intake", "readings", "hub"} <= told[-1]["parts"].keys()
    assert (homed.home / "hub" / "inbox").is_dir() and "Drop bundles into" in done.err
    assert "settle ended: the ledger" in done.err and "is missing" in done.err, "and the rest goes on"


@pytest.mark.parametrize(
    ("line", "code", "word"),
    [
        (("hub", "--only", "rule"), "usage", "intake, settle"),
        (("hub", "--demo", "--only", "settle"), "usage", "Leave out --only"),
        (("hub", "--broker", "mqtts://127.0.0.1:1/roof"), "usage", "names a device"),
        (("hub", "--demo"), "folder_not_empty", "--home"),
        (("owner", "network", "--device", "tcp:127.0.0.1:1", "--broker", "hub", "--ca", "x"), "usage", "Leave out"),
    ],
)
def test_what_it_refuses(homed, line, code, word):
    done = homed(*line, "--json")
    told = done.last
    assert (done.code, told["code"]) == (2, code) and word in f"{told['error']} {told['remedy']}"
