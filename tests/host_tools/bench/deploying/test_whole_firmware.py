"""The real firmware onto a board that boots it: deploy, hello, deploy again, provision, and then no more."""

import pytest
from sealwright import targets as boards
from sealwright.bench.deploying import console, deploy, hello, install
from sealwright.bench.deploying.console import Console
from sealwright.errors import RefusedByDevice
from sealwright.home import Home
from sealwright.link import connect
from sealwright.operate import provisioning

from tests.host_tools.bench.deploying.bench import write_bench
from tests.host_tools.bench.deploying.wires import PromptBoard


@pytest.fixture
def board(tmp_path):
    made = PromptBoard(tmp_path)
    yield made
    made.pull()


@pytest.fixture
def built(tmp_path):
    """The firmware, compiled for a board that nobody wrote but this test."""
    return boards.compile_for(write_bench(tmp_path))


def test_from_a_bare_board_to_a_closed_one(board, built, tmp_path, monkeypatch):
    monkeypatch.setattr(deploy, "_BOOT_SECONDS", 0.2)
    done = install(board.url, built, lambda sent, path: None)
    assert done.plan.slot == "a" and done.plan.wire_bytes > 50_000
    result = hello(board.url, 60)
    assert (result.state, result.firmware, result.raw["slot"]) == ("blank", built.version, "a")
    # a board that runs it and has no identity lets go of its console: nothing is copied twice
    again = install(board.url, built, lambda sent, path: None)
    assert again.plan.nothing and hello(board.url, 60).state == "blank"
    home = Home.init(tmp_path / "home", "net")
    with connect(board.url) as client:
        made = provisioning.provision(home, client, "bench")
    assert made.test and made.entry.name == "bench"
    # from now on the console is shut
    monkeypatch.setattr(console, "KNOCK_SECONDS", 4.0)
    with pytest.raises(RefusedByDevice) as caught:
        install(board.url, built, lambda sent, path: None)
    assert (caught.value.code, caught.value.exit_code) == ("already_provisioned", 4)
    with pytest.raises(console.NoPrompt):
        Console(board.url, 4.0)
    with connect(board.url) as client:
        assert client.info().device == made.certificate.body.key.device_id
