"""Readings that wait on a board's flash, taken faster than an interval allows."""

import os
import subprocess
import sys
from pathlib import Path

from sealwright.targets import assets


def take_readings(board, count):
    """So many readings on the flash of a board that does not run; the last one's number."""
    root = assets.root()
    path = ":".join(map(str, [root / "firmware", root / "boards" / "unix", root / "boards", ".frozen"]))
    done = subprocess.run(
        [Path(sys.executable).parent / "micropython", Path(__file__).with_name("take_readings.py"), str(count)],
        cwd=board.folder,
        env={**os.environ, "MICROPYPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout)
