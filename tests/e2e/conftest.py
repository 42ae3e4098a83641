"""Fixtures of the end-to-end tests: a lab with boards that are killed whatever happens."""

import pytest

from .broker import authority, broker  # noqa: F401  fixtures
from .lab import Lab
from .proxy import Proxy
from .witness import Witness


@pytest.fixture
def lab(tmp_path):
    made = Lab(tmp_path)
    yield made
    made.close()


@pytest.fixture
def witness():
    return Witness()


@pytest.fixture
def proxied(witness):
    """callable(board) -> a Proxy before that board's peer link, whatever port it has by then."""
    made = []

    def before(board):
        made.append(Proxy(lambda: tuple(board.hardware["peer"]), witness.sent, witness.see))
        return made[-1]

    yield before
    for proxy in made:
        proxy.close()
    for proxy in made:
        assert not proxy.errors, proxy.errors
