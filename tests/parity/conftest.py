"""Parity tests run the device's code in this process too, and have its messages made once for all of them."""

import json
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.parity.made import Made
from tests.vectors.interpreters import SEARCH, run

HERE = Path(__file__).parent
for folder in (*SEARCH, str(HERE)):
    if folder not in sys.path:
        sys.path.insert(0, folder)


@cache
def _made_by(name: str) -> list[Made]:
    return [Made(**json.loads(line)) for line in run(name, HERE / "make_messages.py")]


@pytest.fixture(scope="session")
def made_by():
    """Interpreter name -> every message that make_messages.py makes under it."""
    return _made_by


@pytest.fixture(scope="session")
def made() -> list[Made]:
    """The device's messages. That both interpreters make the same ones is test_bytes.py's to show."""
    return _made_by("cpython")
