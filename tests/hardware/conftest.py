"""The board under test: `--device serial:PATH`. Without it every test here is skipped."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from sealwright.link import Client, connect
from sealwright.link.info import Info


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", metavar="URL", help="the board, as serial:/dev/ttyACM0")


@pytest.fixture(scope="session")
def url(request: pytest.FixtureRequest) -> str:
    found = request.config.getoption("--device", default=None)
    if not found:
        pytest.skip("no board: name one with --device serial:/dev/ttyACM0 (pytest tests/hardware)")
    if not found.startswith("serial:"):
        pytest.skip("a board is tested on its wire: --device serial:PATH")
    return str(found)


@pytest.fixture
def open_board(url: str) -> Callable[[], AbstractContextManager[Client]]:
    """Opens the board's command link."""
    return lambda: connect(url)


@pytest.fixture
def client(open_board: Callable[[], AbstractContextManager[Client]]) -> Iterator[Client]:
    with open_board() as opened:
        yield opened


@pytest.fixture
def info(client: Client) -> Info:
    return client.info()
