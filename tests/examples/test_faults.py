"""docs/FAULTS.md is what `make campaign-faults` prints, and the tests that it names exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEVICE = ROOT / "tests" / "device"


def rows(text):
    """The cells of each row of a table, without its head."""
    found = [line.strip().strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in found if row[0].strip() not in ("Fault", "---")]


def test_the_table_is_what_the_campaign_prints(tmp_path):
    folders = [ROOT / "firmware", ROOT / "boards", DEVICE, DEVICE / "micropython_only"]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "micropython"), "-X", "heapsize=1200k", str(DEVICE / "faults.py"), "sample"],
        cwd=tmp_path,
        env={**os.environ, "MICROPYPATH": ":".join([*map(str, folders), ".frozen"])},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout
    page = rows((ROOT / "docs" / "FAULTS.md").read_text())
    assert rows(done.stdout) == [row[:2] for row in page]
    assert len(page) > 40


def test_every_test_that_the_page_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "FAULTS.md").read_text())
    assert len(named) > 40
    for path, name in named:
        text = (ROOT / path).read_text()
        assert not name or re.search(rf"^def {name}\(", text, re.MULTILINE), (path, name)
