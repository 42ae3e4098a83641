"""The commit-msg hook takes the form of CONTRIBUTING, and nothing else."""

import subprocess
import sys

import pytest
from tools import check_subject

AT_MOST = "cli: " + "x" * 66 + "."
GOOD = (
    "cli: A command says what it waits for.",
    "cli: A command says what it waits for.\n\nWithout it the user waited too.\n",
    "cli, ledger: `settle` names the file.\n# Please enter the commit message\n",
    AT_MOST,
    "Merge branch 'x'",
    'Revert "cli: A command says what it waits for."',
)
BAD = (
    "",
    "cli",
    "A command says more.",
    "cli: A command says more",
    "cli:  two.",
    "cli: ...",
    "cli: A.\nwhy",
    "x" + AT_MOST,
)


@pytest.mark.parametrize("message", GOOD)
def test_taken(message):
    assert check_subject.fault(message) is None


@pytest.mark.parametrize("message", BAD)
def test_refused(message):
    assert check_subject.fault(message)


def test_as_a_hook(tmp_path):
    for number, message in enumerate((GOOD[1], BAD[3])):
        path = tmp_path / "COMMIT_EDITMSG"
        path.write_text(message)
        done = subprocess.run(
            [sys.executable, check_subject.__file__, path], capture_output=True, text=True, check=False
        )
        assert done.returncode == number and ("area: What changed." in done.stderr) == bool(number), done
