"""The files of docs/hub: systemd takes the units, and the commands in them are ours."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "hub"
COMMAND = "/opt/sealwright/bin/sealwright"
UNITS = sorted(FOLDER.glob("sealwright-*"))


def commands():
    """Every command of ours in the units and the guide, as its arguments."""
    for path in [*UNITS, FOLDER / "README.md"]:
        for line in re.findall(rf"{COMMAND}([^\n']*)", path.read_text()):
            yield path.name, [one.replace("%%", "%") for one in shlex.split(line)]
    (line,) = re.findall(r"^CMD \[(.*)\]$", (FOLDER / "Containerfile").read_text(), re.MULTILINE)
    yield "Containerfile", re.findall(r'"([^"]*)"', line)[1:]


@pytest.mark.parametrize(("name", "arguments"), list(commands()))
def test_commands_are_those_of_this_version(name, arguments):
    """With --help behind them every option is looked at first."""
    done = subprocess.run([sys.executable, "-m", "sealwright", *arguments, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    assert {one for one in arguments if one.startswith("--")} <= known


def test_systemd_takes_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    for path in UNITS:  # who runs them, and from where, is of another machine
        text = path.read_text().replace(COMMAND, "/bin/true").replace("User=sealwright", "User=root")
        (tmp_path / path.name).write_text(text)
    units = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert len(units) == 3 and (done.returncode, done.stderr) == (0, "")
