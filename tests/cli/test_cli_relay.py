"""`sealwright relay` from the command line: a seller on a wire, bought from through its relay."""

import json
import signal
import socket

import pytest
from sealwright import emulator
from sealwright.home import Home

from tests.cli.runner import ended, gone_wrong


@pytest.fixture
def wired(homed):
    """A home with a seller that has only its wires, and a buyer."""
    board = homed.board("seller", "bme280", start=False)
    (board.folder / "hardware.json").write_text(json.dumps(board.hardware | {"peer": None}))
    board.start()
    homed.ok("provision", "--device", "emulated:seller", "--name", "seller")
    homed.provisioned("buyer", "bme280")
    homed.ok("ledger", "deposit", "buyer", "--asset", "nEUR", "--amount", "1000000")
    homed.ok("owner", "offer", "--device", "emulated:seller", "--asset", "nEUR", "--unit", "reading", "--price", "5")
    return homed


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_pay_through_a_relay(wired, how):
    seller = emulator.find(Home.open(wired.home), "seller")
    process = wired.start("relay", "--device", seller.serial_url, "--json")
    urls = json.loads(process.stdout.readline())
    assert urls["ok"] and urls["peers"] != urls["hosts"]
    parties = ("--payer", "emulated:buyer", "--payee", urls["hosts"])
    gone_wrong(wired("pay", *parties, "--amount", "50"), 2, "no_peer_link", "no peer link")
    gone_wrong(wired("pay", *parties, "--amount", "50", "--at", "there"), 2, "usage", "no address")
    assert wired.ok("pay", *parties, "--amount", "50", "--at", urls["peers"], "--json").last["amount"] == "50"
    ran = ended(process, how)
    assert ran.code == 0 and "a peer" in ran.err and "gone" in ran.err
    assert ran.last["connections"] >= 1 and ran.last["requests"] > 4 and " requests relayed." in ran.err


def test_wrong_calls(wired):
    gone_wrong(wired("relay", "--device", "emulated:nobody"), 2, "unknown_board", "nobody")
    gone_wrong(wired("relay", "--device", "tcp:127.0.0.1:9"), 3, "unreachable", "nothing answers")
    gone_wrong(wired("relay", "--device", "emulated:seller", "--listen", "7000"), 2, "usage", "no address")
    gone_wrong(wired("relay", "--device", "emulated:buyer"), 2, "has_peer_link", "needs no relay")
    wired.ok("owner", "offer", "--device", "emulated:buyer", "--asset", "nEUR", "--unit", "reading", "--price", "5")
    parties = ("--payer", "emulated:seller", "--payee", "emulated:buyer")
    gone_wrong(wired("pay", *parties, "--amount", "50"), 2, "no_peer_link", "it can sell, not buy")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        gone_wrong(wired("relay", "--device", "emulated:seller", "--listen", listen), 2, "usage", "cannot listen")
