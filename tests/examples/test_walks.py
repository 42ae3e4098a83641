"""The walks of a maker, an operator and an auditor, from end to end, with the seconds of each step in the report.

`pytest -rP` prints them, and `--junitxml FILE` has them as properties. How long a step takes is not asserted.
"""

import re
import sys

import pytest
from sealwright import emulator
from sealwright.home import Home

from tests.cli.runner import Cli
from tests.examples.test_examples import EXAMPLES, bought, run  # noqa: F401  a fixture

STEP = re.compile(r"^\[ *(\d+\.\d) s\] (.+)$", re.MULTILINE)


@pytest.fixture
def walk(record_property, tmp_path):
    """Run a walk to its end: what it printed."""

    def walked(name, *arguments, code=0):
        done = run(sys.executable, EXAMPLES / name, *arguments, timeout=1800, COLUMNS="80")
        print(done.stdout)
        assert done.returncode == code and (code or not done.stderr), done
        for seconds, step in STEP.findall(done.stdout):
            record_property(f"seconds: {step}", float(seconds))
        return done.stdout + done.stderr

    yield walked
    for board in emulator.boards(Home(tmp_path / "walk" / "home", "")):
        board.kill()


@pytest.mark.long
def test_a_makers_walk(walk, tmp_path):
    said = walk("walk_maker.py", tmp_path / "walk")
    assert "5 of 5 boards are ready." in said and "5 labels in labels.html" in said
    held, messages = map(int, re.search(r"(\d+) of (\d+) messages hold\.", said).groups())
    assert held == messages >= 11, "the issuer's certificate, and two for each board; a slow one has measured again"
    assert "the whole walk, 9 steps" in said and emulator.running(Home(tmp_path / "walk" / "home", "")) == []


@pytest.mark.long
def test_an_operators_walk(walk, tmp_path):
    said = walk("walk_operator.py", tmp_path / "walk")
    assert "6 of 200 answered: " in said and "2 of 8 devices failed." in said
    assert "paid       0.00001 EUR from car to meter-1" in said and "Everything holds." in said
    assert re.search(r"0.00001 EUR left from meter-1 \(retired \w{8}\), which has 0.00 EUR now", said)
    assert "was in the group street: `sealwright devices group street meter-1`" in said, "and so it is done"
    home = Home.open(tmp_path / "walk" / "home")
    assert len(home.active()) == 200 and len(list(home.registered())) == 201
    assert home.resolve("meter-1").url == "emulated:new-board" and emulator.running(home) == []


def test_an_auditors_walk(walk, bought, tmp_path):  # noqa: F811
    _, folder = bought
    bundle, root, entries = folder / "day.bundle", folder / "home" / "test-root.pem", tmp_path / "entries.json"
    Cli(folder / "home").ok("ledger", "export", "--out", entries)
    said = walk("walk_auditor.py", bundle, root, entries)
    assert "of the 1 vouchers that paid, the bundle has each" in said and "the whole walk, 11 steps" in said
    for code in ("test_root: ", "custody_too_low: ", "bad_signature: ", "malformed: "):
        assert f"\n{code}" in said, "each with its cause"
    # a payment without its voucher, and a bundle that does not hold
    forged = entries.read_text().replace(re.search(r'"voucher", "digest": "(\w+)"', entries.read_text())[1], "00" * 32)
    entries.write_text(forged)
    assert "This walk ends here, with " in walk("walk_auditor.py", bundle, root, entries, code=1)
    other = tmp_path / "other.bundle"
    other.write_bytes(bundle.read_bytes()[:-1])
    assert "This walk ends here: exit code 1, not 0." in walk("walk_auditor.py", other, root, code=1)
