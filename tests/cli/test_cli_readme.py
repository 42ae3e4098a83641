"""What README shows by hand, line by line, does as result: in a fresh folder, as its reader runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sealwright import emulator
from sealwright.home import Home
from sealwright.targets import assets

CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def fresh(tmp_path):
    """A folder with nothing in it, which is the reader's home, too."""
    yield tmp_path
    for board in emulator.boards(Home(tmp_path / ".sealwright", "")):
        board.kill()


def by_hand():
    """(lines for the shell, the library's example)."""
    section = (assets.root() / "README.md").read_text().split("\n## By hand\n")[1].split("\n## ")[0]
    lines = [line.strip() for line in CODE.sub("", section).splitlines() if line.startswith("    ")]
    return lines, CODE.search(section)[1]


def test_what_is_shown_by_hand(fresh):
    lines, example = by_hand()
    assert len(lines) > 12
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEALWRIGHT")}
    result = {**kept, "HOME": str(fresh), "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"}

    def run(*command):
        done = subprocess.run(command, cwd=fresh, env=result, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    for line in lines:
        run("bash", "-c", line)
    verdicts = run(sys.executable, "-c", example).splitlines()
    assert len(verdicts) > 10 and {verdict.split(" ")[2] for verdict in verdicts} == {"ok"}
