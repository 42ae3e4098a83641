"""A load at the machine's limit through a cluster, while each kind of its processes is killed: `make campaign-cluster`.

    python -m tests.host_tools.hub.cluster_run --seconds 300 --seed N

Three NATS servers, PostgreSQL with a ledger in two shards, two verifiers, two settlers and the store, all on this
machine. In turn a server, a verifier, a settler and PostgreSQL are killed (kill -9) and begun again. In the end every
message that a server acknowledged counts: each reading is in the store once, and the ledger has the sums of a plain
settlement. Then the hub of one machine takes the same messages, as bundles, for the comparison.
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sealwright.bookkeeping import known_ledger
from sealwright.home import Home
from sealwright.hub.cluster.standing import consumers_now
from sealwright.hub.folder import HubFolder
from sealwright.hub.spool import CONSUMERS
from sealwright.hub.state import read_states
from sealwright.ledger import Ledger, LedgerIdentity
from sealwright.wire.bundle import read_bundle
from sealwright.wire.messages import parse_message
from sealwright.wire.messages.plain import plain_voucher
from sealwright.wire.messages.shapes import in_usual_place

from tests.host_tools.hub.cluster_kills import SHARDS, Books, Killer
from tests.host_tools.hub.cluster_site import LOAD, ClusterSite, Process
from tests.host_tools.ledger.sharded import state
from tests.load.sinks import Servers

ROOT = Path(__file__).parents[3]
PARTS = ("verify-1", "verify-2", "settle-0", "settle-1", "readings")
DRAIN = 240.0  # seconds until a test gives up


def campaign(folder, *, seconds, seed, devices=200, every=None, jobs=1, connections=8):
    """Run it; what came of it, as figures. every: seconds between two kills."""
    home = Home.init(folder / "home", "site")
    HubFolder(home.folder).make()
    acked = folder / "acked"
    acked.mkdir()
    books = Books(home)
    site = ClusterSite(home, shards=SHARDS)
    os.environ["SEALWRIGHT_BROKER_PASSWORD"] = site.password
    try:
        site.ready()
        for name in PARTS:
            part, _, number = name.partition("-")
            site.part(name, "--allow-test", *(["--shard", number] if part == "settle" else []))
        killer = Killer(site, books, seed, every or seconds / 8)
        began = time.monotonic()
        sink = Servers(home, LOAD, "past", connections=1)
        books.past.publish(sink)
        sink.close()
        killer.start()
        signed = load(home, site, acked, seconds, devices, jobs, connections)
        killer.end()
        loaded = time.monotonic() - began
        drain(site)
        took = time.monotonic() - began
        states = read_states(HubFolder(home.folder).states)
    except BaseException:
        print(json.dumps(site.logs(), indent=1)[-6000:], file=sys.stderr)
        raise
    finally:
        site.close()
    messages = books.past.messages + [raw for path in sorted(acked.glob("*.bundle")) for raw in read_bundle(path)]
    check(home, messages, folder / "plain.db")
    books.close()
    used = {name: one.seconds for name, one in {**site.servers, **site.parts}.items()} | {"postgres": books.seconds}
    return {
        "messages": len(messages),
        "signed": signed,
        "kills": dict(killer.hits),
        "seconds": round(loaded, 1),
        "drained": round(took - loaded, 1),
        "cpu": {name: round(one, 1) for name, one in used.items()},
        "per_core_second": round(len(messages) / sum(used.values())),
        "states": {name: told["counts"] for name, told in states.items()},
    }


def load(home, site, acked, seconds, devices, jobs, connections):
    """Sign and publish; returns once a server has acknowledged all."""
    given = ["--cluster", LOAD, "--acked", acked, "--json", "--jobs", jobs, "--connections", connections]
    line = ["-m", "tests.load", "--home", home.folder, "--devices", devices, "--seconds", seconds, *given]
    paths = os.pathsep.join(map(str, (ROOT / "host_tools", ROOT)))
    done = subprocess.run(
        [sys.executable, *map(str, line)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def drain(site):
    """Wait until nothing waits anywhere."""
    end, quiet = time.monotonic() + DRAIN, 0
    while quiet < 3:
        site.begin_ended()
        try:
            left = [row for row in consumers_now(site.cluster) if row["waiting"] + row["taken"]]
        except Exception as error:
            left = [repr(error)]
        states = read_states(HubFolder(site.home.folder).states)
        waits = [n for n, told in states.items() if n.startswith("settle") and told["counts"].get("waiting")]
        quiet = 0 if left or waits else quiet + 1
        assert time.monotonic() < end, (left, waits, states)
        time.sleep(0.5)


def check(home, messages, plain):
    """All that was acknowledged counts, once."""
    readings = sorted(parse_message(raw).digest for raw in messages if in_usual_place(raw))
    there = stored(home)
    lost, more = Counter(readings) - Counter(there), Counter(there) - Counter(readings)
    assert not lost and not more, (len(readings), len(there), len(lost), len(more), lacking(messages, lost))
    identity = LedgerIdentity(home.ledger_certificates(), home.key("ledger"))
    owners = [home.key("owner").public]
    with Ledger(plain, home.roots(), owners, identity=identity, allow_test=True) as ledger:
        counts = Counter(one.code for one in ledger.settle(messages, newest_first=True))
        wanted = state(ledger)
    with known_ledger(Home.open(home.folder), allow_test=True) as ledger:
        report = ledger.audit()
        assert report.ok, report.findings
        assert differing(state(ledger), wanted) == [], "the sums of a plain settlement"
    best = {}
    for raw in messages:
        if says := plain_voucher(raw):
            best[says[0]] = max(best.get(says[0], 0), says[3])
    assert {channel[0]: channel[2] for channel in wanted[1] if channel[2]} == best, counts


def differing(found, wanted):
    """What one of two states has and the other has not, the first of it."""
    return [
        sorted(set(map(repr, one)) ^ set(map(repr, other)))[:6]
        for one, other in zip(found, wanted, strict=True)
        if one != other
    ]


def lacking(messages, lost):
    """Which numbers of which devices are lost."""
    found = [parse_message(raw) for raw in messages if in_usual_place(raw)]
    return sorted((one.kid.hex(), one.body.seq) for one in found if one.digest in lost)[:50]


def stored(home):
    connection = sqlite3.connect(home.readings_path)
    found = sorted(row[0] for row in connection.execute("SELECT digest FROM messages"))
    connection.close()
    return found


def alone(folder, home, acked):
    """The hub of one machine takes the same messages as bundles: (messages a second of a core, seconds)."""
    own = folder / "alone"
    shutil.copytree(
        home.folder, own, ignore=shutil.ignore_patterns("hub", "config.toml", "readings.db*", "ledger.head")
    )
    there = HubFolder(own)
    there.make()
    alone_home = Home.open(own)
    with known_ledger(alone_home, allow_test=True) as ledger:
        list(ledger.settle([]))
    count = 0
    for path in sorted(acked.glob("*.bundle")):
        messages = list(read_bundle(path))
        count += len(messages)
        for at in range(0, len(messages), 20_000):
            (there.inbox / f"{path.stem}-{at:08}.bundle").write_bytes(b"".join(messages[at : at + 20_000]))
    line = [sys.executable, "-P", "-m", "sealwright", "hub", "--home", str(own), "--allow-test", "--only"]
    parts = [Process([*line, name], own, there.path / f"{name}.log").start() for name in ("intake", *CONSUMERS)]
    began = time.monotonic()
    try:
        while True:
            states = read_states(there.states)
            waits = any(one.suffix == ".bundle" for one in there.inbox.iterdir())
            if not waits and states.get("intake", {}).get("counts", {}).get("messages", 0) >= count:
                if all(states.get(name, {}).get("backlog", 1) == 0 for name in CONSUMERS):
                    break
            assert time.monotonic() - began < 600, states
            time.sleep(0.2)
        took = time.monotonic() - began
    finally:
        for one in parts:
            one.end()
    assert not any(one.suffix == ".bundle" for one in there.refused.iterdir())
    assert stored(alone_home) == stored(home)
    return round(count / sum(one.seconds for one in parts)), round(took, 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--connections", type=int, default=16)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = campaign(folder, **vars(given))
        print(json.dumps(found, indent=1))
        each, took = alone(folder, Home.open(folder / "home"), folder / "acked")
    kills = ", ".join(f"{count} of {victim}" for victim, count in found["kills"].items())
    print(f"{found['messages']} messages acknowledged in {found['seconds']} s, drained {found['drained']} s later")
    print(f"killed: {kills}; nothing lost, nothing counted twice, the sums of a plain settlement")
    print(f"messages a second of a core: cluster {found['per_core_second']}, the hub of one machine {each} ({took} s)")


if __name__ == "__main__":
    main()
