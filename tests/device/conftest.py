"""Device tests run under pytest (CPython) and under unix MicroPython: see test_under_micropython.py."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "firmware", ROOT / "boards", ROOT / "tests" / "device"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

collect_ignore_glob = ["micropython_only/*"]

OF_ENGINES = {"test_p256", "test_p256_engine", "test_curve_proof"}


@pytest.fixture(autouse=True)
def _signs_by_openssl(request, monkeypatch):
    """Have devices sign and verify by OpenSSL, but in tests of the device's own engines."""
    import openssl_engine
    from seal import p256

    if request.module.__name__.rpartition(".")[2] not in OF_ENGINES:
        monkeypatch.setattr(p256, "_engine", openssl_engine)
