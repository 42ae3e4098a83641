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
    device, digest = "ab" * 32, "cd" * 32
    runs = safe.runs_of({device: {1: "01" * 32, 2: "02" * 32, 4: digest}}, [(device, 9)])
    assert safe.read(safe.written(runs)) == runs
    assert [(run.first, run.last) for run in runs] == [(9, 9), (1, 2), (4, 4)]
    heard = ClusterBrokered(None, None, None, None)
    heard.note(runs[1:])
    log = heard.logs[bytes.fromhex(device)]
    assert log.safe == (2, bytes.fromhex("02" * 32)), "3 is missing: the device is asked"
    heard.note([safe.Run(device, 3, 3, digest), safe.Run(device, 4, 6, digest), safe.Run(device, 7, 7, None)])
    assert log.safe.seq == 6
    heard.note([safe.Run(device, 7, 8, digest)])
    assert log.safe.seq == 6, "7 was refused: nothing from it on may be forgotten"
    for bad in (b"[]x", b"[[1]]", json.dumps([["ab", 1, 1, None]]).encode(), b"7"):
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
    ):
        with pytest.raises(Usage):
            checked(Cluster(tmp_path, servers, shards, **changes))
    with pytest.raises(Usage):
        check_same(Cluster(tmp_path, (one,), 2), Cluster(tmp_path, (one,), 3))
