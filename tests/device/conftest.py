"""Device tests run under pytest (CPython) and under unix MicroPython: see test_under_micropython.py."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "firmware", ROOT / "boards", ROOT / "tests" / "device"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

collect_ignore_glob = ["micropython_only/*"]
