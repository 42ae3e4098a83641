"""The same device tests under real unix MicroPython.

The heap is larger than a board's: a test keeps several devices and their flash in it. Boards themselves run in 400 KB,
in tests/e2e.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MICROPYTHON = Path(sys.executable).parent / "micropython"
FILES = sorted(path for path in HERE.glob("test_*.py") if path.name != Path(__file__).name)
FILES += sorted((HERE / "micropython_only").glob("test_*.py"))


def names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_file(path: Path, tmp_path: Path) -> None:
    search = [ROOT / "firmware", ROOT / "boards", HERE]
    done = subprocess.run(
        [str(MICROPYTHON), "-X", "heapsize=1200k", str(HERE / "run_on_micropython.py"), str(path.parent), path.stem],
        cwd=tmp_path,
        env={**os.environ, "MICROPYPATH": ":".join([*map(str, search), ".frozen"])},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    passed = {line[3:] for line in done.stdout.splitlines() if line.startswith("ok ")}
    assert done.returncode == 0 and passed == names(path), done.stdout + done.stderr
