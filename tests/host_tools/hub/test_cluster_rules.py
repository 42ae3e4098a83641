"""What a cluster may be, and what may be acknowledged to its devices: rules that need no server."""

import json

import pytest
from sealwright.emulator.board import free_port
from sealwright.errors import Usage
from sealwright.hub.cluster import safe
from sealwright.hub.cluster.brokered import ClusterBrokered
from sealwright.hub.cluster.config import Cluster, Server, checked
from sealwright.hub.cluster.making import check_same


def test_what_is_safe_grows_without_gaps_alone():
    device, name = "ab" * 32, lambda seq: f"{seq:02}" * 32
    runs = safe.runs_of({device: {seq: (name(seq), name(seq - 1) if seq > 1 else None) for seq in (1, 2, 4)}})
    assert safe.read(safe.written(runs)) == runs
    assert [(run.first, run.last) for run in runs] == [(1, 2), (4, 4)]
    heard = ClusterBrokered(None, None, None, None)
    heard.note(runs)
    log = heard.logs[bytes.fromhex(device)]
    assert (log.safe, log.gap) == ((2, bytes.fromhex(name(2))), (3, 3)), "3 is missing: the device is asked"
    heard.note([safe.Run(device, 3, 3, name(2), name(3))])
    assert log.safe.seq == 4 and log.gap is None
    heard.note([safe.Run(device, 3, 6, name(2), name(6))])
    assert log.safe.seq == 6, "it goes on from what came before"
    heard.note([safe.Run(device, 9, 9, name(8), name(9)), safe.Run(device, 8, 8, name(7), name(8))])
    assert (log.safe.seq, log.gap) == (6, (7, 7))
    heard.note([safe.Run(device, 7, 9, name(6), name(9))])
    assert log.safe.seq == 9 and log.gap is None
    for bad in (b"[]x", b"[[1]]", json.dumps([["ab", 1, 1, None, "cd"]]).encode(), b"7"):
        with pytest.raises(ValueError):
            safe.read(bad)


def test_a_cluster_that_cannot_be_is_refused(tmp_path):
    one = Server.parse("nats1.example:1:2:3", 1)
    assert (one.mqtt, one.client, one.route, one.name) == (1, 2, 3, "server-1")
    assert Server.parse("[::1]:5", 2).at(7) == "[::1]:7"
    for text in ("", "a b", "x:y", "x:1:2:3:4", "x:0", 'x"', "x:70000"):
        with pytest.raises(Usage):
            Server.parse(text, 1)
    port = free_port()
    two = [Server(f"s{n}", "h", port, port + 1 + n, port + 9 + n) for n in range(3)]
    for servers, shards, changes in (
        ((), 1, {}),
        ((one, Server.parse("b", 2)), 1, {}),
        (tuple(two), 1, {}),
        ((one,), 0, {}),
        ((one,), 1, {"sync": "never"}),
        ((one,), 1, {"partitions": 0}),
        ((one,), 1, {"address": "a b"}),
        *(((Server.parse(text, 1),), 1, {}) for text in ("-x", "..", "[::::]", "999.999.999.999", "nats..example")),
        ((Server.parse("a", 1), Server.parse("A", 2), Server.parse("b", 3)), 1, {}),
    ):
        with pytest.raises(Usage):
            checked(Cluster(tmp_path, servers, shards, **changes))
    with pytest.raises(Usage):
        check_same(Cluster(tmp_path, (one,), 2), Cluster(tmp_path, (one,), 3))
    for text in ("nats1.example", "10.0.0.7", "[::1]", "localhost"):
        checked(Cluster(tmp_path, (Server.parse(text, 1),), 1))
