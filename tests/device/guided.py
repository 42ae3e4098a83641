"""The device's decoders and handlers under atheris, a fuzzer that follows coverage, under CPython. Not a test: atheris
(PyPI) is no dependency. In an environment of its own:

    pip install atheris
    python tests/device/guided.py cbor|link|rpc -max_total_time=600 build/corpus

What it finds becomes a case of `test_guided.py`.
"""

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "boards"), str(ROOT / "tests" / "device")]

with atheris.instrument_imports(include=["seal"]):
    from guided_targets import TARGETS

if __name__ == "__main__":
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()
