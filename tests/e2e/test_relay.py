"""A board that has only a wire sells through a relay, and hosts reach it meanwhile."""

import asyncio
import json
import os
import signal
import socket
import threading
import time

import pytest
from sealwright.errors import Unreachable
from sealwright.link import connect
from sealwright.link.frames import Frame, FrameReader, pack
from sealwright.link.labels import ERROR, HELLO, INFO
from sealwright.link.relay import Relay, Wire
from sealwright.link.transport import open_url
from sealwright.operate import owner

from .test_trade import ended

BILL = 35


class Running:
    """A relay in a thread of its own. peers, hosts: its URLs. said: what it report people."""

    def __init__(self, board):
        self.said = []
        self._loop = asyncio.new_event_loop()
        self._relay = Relay(Wire(lambda: open_url(board.serial_url)), self.said.append)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.peers, self.hosts = self._call(self._relay.start(("127.0.0.1", 0), ("127.0.0.1", 0)))

    def _call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self):
        self._call(self._relay.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def relayed(lab):
    """callable(board) -> a relay on that board's pty."""
    made = []

    def before(board):
        made.append(Running(board))
        return made[-1]

    yield before
    for relay in made:
        relay.close()


def wired(lab, name, *sensors):
    """A provisioned board without a network for peers."""
    board = lab.blank(name, sensors)
    (board.folder / "hardware.json").write_text(json.dumps(board.hardware | {"peer": None}))
    board.start()
    lab.adopt(board, None)
    return board


class Peer:
    """Frames to and from a relay's port."""

    def __init__(self, url):
        host, port = url.removeprefix("tcp:").split(":")
        self._socket = socket.create_connection((host, int(port)), 5)
        self._frames = FrameReader()

    def ask(self, kind, item=None):
        """(kind, item) of the reply; None where the relay hangs up."""
        self._socket.sendall(pack(Frame(3, kind, item)))
        while data := self._socket.recv(4096):
            for frame in self._frames.feed(data):
                assert frame.id == 3
                return frame.kind, frame.item
        return None

    def close(self):
        self._socket.close()


def test_a_trade_over_a_wire_with_hosts_beside_it(lab, relayed):
    seller, buyer = wired(lab, "seller", "bme280"), lab.board("buyer")
    relay = relayed(seller)
    with connect(relay.hosts) as client, connect(relay.hosts) as other:
        client.device = client.info().device  # the one that is on this wire, whatever the register has for the URL
        owner.set_offer(lab.home, client, "nEUR", "reading", 5)
        assert client.info().raw["peer"] is None
        lab.order(buyer, seller, "reading", 200, address=relay.peers)
        while not ended(lab.info(buyer)):
            assert client.info().raw["state"] == other.info().raw["state"] == "provisioned"
    assert lab.info(buyer)["order"] == [1, None, [40, 200]]
    lab.settle(lab.collect(seller, buyer), {buyer: 1000})


def test_a_power_cut_of_the_seller_and_on(lab, relayed):
    seller, buyer = wired(lab, "seller", "bme280"), lab.board("buyer")
    lab.sells(seller, "reading", 5)
    relay = relayed(seller)
    lab.order(buyer, seller, "reading", 100, address=relay.peers)
    lab.wait(buyer, lambda report: report["order"][2] and report["order"][2][0] >= 5)
    seller.kill()
    lab.wait(buyer, lambda report: report["trade_fault"])
    seller.start()
    assert lab.wait(buyer, ended)["order"] == [1, None, [20, 100]]


def test_one_peer_at_a_time_and_it_says_hello(lab, relayed):
    seller = wired(lab, "seller", "bme280")
    lab.sells(seller, "reading", 5)
    relay = relayed(seller)
    first = Peer(relay.peers)
    assert first.ask(BILL) == (ERROR, [22]), "what an earlier peer proved is not this one's"
    assert first.ask(INFO) == (ERROR, [23]), "a peer is no host"
    assert first.ask(HELLO, "?") == (ERROR, [1]), "from the board"
    second = Peer(relay.peers)
    try:
        assert second.ask(HELLO) is None
    except ConnectionResetError:
        pass
    assert first.ask(BILL) == (ERROR, [22]), "the board did not take that hello"
    first.close()
    while not relay.said[-1].endswith("gone"):
        time.sleep(0.01)
    third = Peer(relay.peers)
    assert third.ask(BILL) == (ERROR, [22])
    third.close()
    host = Peer(relay.hosts)
    assert host.ask(HELLO) == (ERROR, [23])
    host.close()


class Trickle(threading.Thread):
    """Sends an end of a frame, which means nothing, ten times a second, until the relay hangs up."""

    def __init__(self, url):
        super().__init__()
        host, port = url.removeprefix("tcp:").split(":")
        self._socket = socket.create_connection((host, int(port)), 5)
        self.over = threading.Event()
        self.sent = 0

    def run(self):
        with self._socket:
            while not self.over.wait(0.1):
                try:
                    self._socket.sendall(b"\0")
                except OSError:
                    return
                self.sent += 1


def test_a_stranger_who_proves_nothing_loses_the_place(lab, relayed, monkeypatch):
    monkeypatch.setattr("sealwright.link.relay.STRANGER_SECONDS", 2.0)
    relay = relayed(wired(lab, "seller"))
    stranger = Trickle(relay.peers)
    stranger.start()
    try:
        stranger.join(120)
        assert not stranger.is_alive(), "every byte gave it more time"
    finally:
        stranger.over.set()
        stranger.join()
    assert stranger.sent
    while not relay.said[-1].endswith("its time is over"):  # report after it hung up
        time.sleep(0.01)


def test_a_peer_that_has_proved_has_time(lab, relayed, monkeypatch):
    monkeypatch.setattr("sealwright.link.relay.STRANGER_SECONDS", 20.0)  # time enough on a busy machine to prove itself
    seller, buyer = wired(lab, "seller", "bme280"), lab.board("buyer")
    lab.sells(seller, "reading", 5)
    relay = relayed(seller)
    lab.order(buyer, seller, "reading", 50, address=relay.peers, pause_ms=2400)
    assert lab.wait(buyer, ended)["order"] == [1, None, [10, 50]]
    assert [text for text in relay.said if text.endswith("a peer")] == relay.said[:1]


def test_a_slow_board_shows_life_and_a_dead_one_does_not(lab, relayed):
    seller = wired(lab, "seller")
    relay = relayed(seller)
    with connect(relay.hosts, 3.0) as client:
        assert client.info().state == "provisioned"
        os.killpg(seller.pid, signal.SIGSTOP)  # the launcher, and MicroPython in its group
        later = threading.Timer(5, os.killpg, (seller.pid, signal.SIGCONT))
        later.start()
        begun = time.monotonic()
        assert client.info().state == "provisioned"
        assert time.monotonic() - begun > 3
        later.join()
    seller.kill()
    with connect(relay.hosts, 3.0) as client, pytest.raises(Unreachable, match="closed the connection"):
        client.info()
    seller.start()
    with connect(relay.hosts, 3.0) as client:
        assert client.info().state == "provisioned"
