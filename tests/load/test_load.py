"""The load generator: what it signs holds and settles, and it says how much that is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sealwright.home import Home
from sealwright.ledger import Ledger, LedgerIdentity
from sealwright.verify import Policy, Verifier
from sealwright.wire.bundle import read_bundle

ROOT = Path(__file__).parents[2]


def load(home, out, *options):
    """Run it; what it said, and the messages it handed in, file by file."""
    command = [sys.executable, "-m", "tests.load", "--home", home, "--out", out, "--json", *options]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    files = [list(read_bundle(path)) for path in sorted(Path(out).glob("*.bundle"))]
    assert not list(Path(out).glob(".*")), "each is whole"
    return json.loads(done.stdout), files


@pytest.fixture
def home(tmp_path):
    return Home.init(tmp_path / "home", "load")


def test_all_of_it_holds_and_settles(home, tmp_path):
    options = ("--devices", 6, "--seconds", 0.7, "--jobs", 2)
    said, files = load(home.folder, tmp_path / "out", *options)
    assert said["devices"] == 6 and said["money"] == 9 and said["bad"] == 0
    assert len(files) == 2 and sum(map(len, files)) == 6 + 9 + said["readings"] + said["vouchers"]
    assert said["readings"] > 0 < said["vouchers"]
    owners = (home.key("owner").public,)
    policy = Policy(at=home.now() + 10, allow_test=True, owners=owners)
    identity = LedgerIdentity(home.ledger_certificates(), home.key("ledger"))
    with Ledger(tmp_path / "ledger.db", home.roots(), owners, identity=identity, allow_test=True) as ledger:
        for raws in files:  # each stands alone
            assert {verdict.code for verdict in Verifier(home.roots(), policy).run(raws) if not verdict.ok} == set()
            assert {verdict.code for verdict in ledger.settle(raws) if not verdict.ok} == set()
        assert len(list(ledger.channels())) == 3
    again, _ = load(home.folder, tmp_path / "again", *options)
    assert again["seed"] != said["seed"], "no device signs one number twice"


def test_bad_ones_are_as_many_as_it_says(home, tmp_path):
    said, files = load(home.folder, tmp_path / "out", "--devices", 4, "--seconds", 0.5, "--bad", 0.2, "--rate", 400)
    verdicts = list(Verifier(home.roots(), Policy(at=home.now() + 10, allow_test=True)).run(files[0]))
    assert said["bad"] == sum(verdict.code == "bad_signature" for verdict in verdicts) > 0
    assert said["bad"] + said["readings"] + said["vouchers"] <= 0.5 * 400 + 1, "no faster than the rate"


def test_a_broker_that_is_not_there_is_said(home):
    command = [
        sys.executable,
        "-m",
        "tests.load",
        "--home",
        home.folder,
        "--devices",
        "2",
        "--broker",
        "mqtts://x@127.0.0.1:1",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1 and done.stderr.startswith("error: ") and "Traceback" not in done.stderr
