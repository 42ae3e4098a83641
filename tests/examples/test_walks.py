"""The walks of a maker, an operator and an auditor, from end to end, with the seconds of each step in the report.

`pytest -rP` prints them, and `--junitxml FILE` has them as properties. How long a step takes is not asserted.
"""

import re
import sys

import pytest
from sealwright import emulator
from sealwright.home import Home

from tests.examples.test_examples import EXAMPLES, run

STEP = re.compile(r"^\[ *(\d+\.\d) s\] (.+)$", re.MULTILINE)


@pytest.fixture
def walk(record_property, tmp_path):
    """Run a walk to its end: what it printed."""

    def walked(name, *arguments, code=0):
        done = run(sys.executable, EXAMPLES / name, *arguments, timeout=600, COLUMNS="80")
        print(done.stdout)
        assert (done.returncode, done.stderr) == (code, ""), done
        for seconds, step in STEP.findall(done.stdout):
            record_property(f"seconds: {step}", float(seconds))
        return done.stdout

    yield walked
    for board in emulator.boards(Home(tmp_path / "walk" / "home", "")):
        board.kill()


def test_a_makers_walk(walk, tmp_path):
    said = walk("walk_maker.py", tmp_path / "walk")
    assert "5 of 5 boards are ready." in said and "5 labels in labels.html" in said
    assert "11 of 11 messages hold." in said, "the issuer's certificate, and two for each board"
    assert "the whole walk, 9 steps" in said and emulator.running(Home(tmp_path / "walk" / "home", "")) == []


def test_an_operators_walk(walk, tmp_path):
    said = walk("walk_operator.py", tmp_path / "walk")
    assert "6 of 200 answered: " in said and "2 of 8 devices failed." in said
    assert "paid       0.00001 EUR from car to meter-1" in said and "Everything holds." in said
    assert re.search(r"0.00001 EUR left from meter-1 \(retired \w{8}\), which has 0.00 EUR now", said)
    home = Home.open(tmp_path / "walk" / "home")
    assert len(home.active()) == 200 and len(list(home.registered())) == 201
    assert home.resolve("meter-1").url == "emulated:new-board" and emulator.running(home) == []
