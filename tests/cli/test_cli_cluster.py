"""`sealwright cluster ...`, and a hub of a cluster of one server: what they say, and what they refuse."""

import json
import signal

import pytest
from sealwright.emulator.board import free_port
from sealwright.home.config import note_ledger

from tests.cli.runner import gone_wrong
from tests.host_tools.hub.cluster_site import needs_servers


@pytest.fixture
def clustered(homed):
    """A home whose hub is of a cluster, and its one server."""
    needs_servers()
    ports = ":".join(str(free_port()) for _ in range(3))
    homed.ok("cluster", "init", "--server", f"127.0.0.1:{ports}")
    server = homed.start("cluster", "serve", "server-1")
    yield homed
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=30)


def test_a_cluster_is_made_set_up_and_shown(clustered, tmp_path):
    first = clustered.ok("cluster", "set-up", "--json").last["made"]
    assert "$MQTT_msgs" in first and "settle-0" in first
    assert clustered.ok("cluster", "set-up", "--json").last["made"] == [], "again changes nothing"
    shown = clustered.ok("cluster", "status", "--json").json
    assert {"ok": True, "server": "server-1", "host": "127.0.0.1"} in shown
    assert {one["consumer"] for one in shown if "consumer" in one} >= {"verify-0", "readings", "settle-0"}
    hub = clustered.start("hub", "--json", "--port", free_port()), []
    process, told = hub
    while not {"verify", "settle", "readings", "intake"} <= told_of(told):
        told.append(json.loads(process.stdout.readline()))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"one of a cluster" in err, err
    there = tmp_path / "there"
    clustered.ok("cluster", "hand-out", "verify", "--out", there)
    assert not list(there.rglob("*.key"))
    assert clustered.process("hub", "--home", there, "--only", "verify", "--seconds", "1").code == 0


def told_of(told):
    """The parts of which a state was seen."""
    return {name for one in told if one.get("event") == "state" for name in one["parts"]}


@pytest.mark.parametrize(
    ("line", "code", "word"),
    [
        (("cluster", "init", "--server", "a b"), "usage", "is no server"),
        (("cluster", "init", "--server", "a.example", "--server", "b.example"), "usage", "lose their majority"),
        (("cluster", "init", "--server", "a.example", "--shards", "0"), "usage", "from 1 to"),
        (("cluster", "status"), "no_cluster", "of no cluster"),
        (("cluster", "set-up"), "no_cluster", "of no cluster"),
        (("cluster", "serve", "server-1"), "no_cluster", "of no cluster"),
        (("cluster", "hand-out", "verify", "--out", "x"), "no_cluster", "of no cluster"),
        (("hub", "--only", "verify"), "no_cluster", "of no cluster"),
        (("hub", "--only", "settle", "--shard", "0"), "usage", "has none"),
        (("hub", "--only", "readings", "--shard", "0"), "usage", "the settler's"),
    ],
)
def test_what_is_refused(homed, line, code, word):
    needs_servers()
    gone_wrong(homed(*line), 2, code, word)


def test_a_cluster_without_servers_says_so(homed):
    needs_servers()
    port = free_port()
    homed.ok("cluster", "init", "--server", f"127.0.0.1:{port}:{port + 1}:{port + 2}", "--shards", "2")
    gone_wrong(homed("cluster", "init", "--server", "a.example", "--shards", "3"), 2, "usage", "2 shards")
    gone_wrong(homed("hub", "--only", "settle", "--shard", "7"), 2, "usage", "no shard 7")
    gone_wrong(homed("hub", "--only", "settle", "--shard", "1"), 2, "other_shards", "made for 2")
    gone_wrong(homed("cluster", "serve", "server-9"), 2, "usage", "server-9")


def test_what_init_leaves_undone_is_said(homed):
    needs_servers()
    three = [part for name in "abc" for part in ("--server", f"{name}.example")]
    made = homed.ok("cluster", "init", *three, "--shards", "3")
    assert "the ledger has 1 log, and the cluster was made for 3 logs" in made.err, made.err
    assert "no more" not in made.err
    made = homed.ok("cluster", "init", "--server", "a.example", "--shards", "3")
    for name in ("server-2", "server-3"):
        assert f"{name} is of a server that the cluster has no more" in made.err, made.err


def test_a_verifier_without_a_server_says_why(homed):
    needs_servers()
    port = free_port()
    homed.ok("cluster", "init", "--server", f"127.0.0.1:{port}:{port + 1}:{port + 2}")
    ran = homed.process("cluster", "set-up")
    assert ran.code == 3 and f"127.0.0.1:{port + 1}: Connection refused" in ran.err, ran.err


def test_a_ledger_that_is_away_stands_in_no_clusters_way(homed):
    needs_servers()
    note_ledger(homed.home, f"postgresql://127.0.0.1:{free_port()}/none")
    made = homed.ok("cluster", "init", "--server", "a.example", "--shards", "2")
    assert "Then: sealwright hub" in made.out and "none" in made.err, made.err
