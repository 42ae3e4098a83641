"""Strangers on a real board's links, who come back whenever they are thrown out: the owner and a buyer are served."""

import contextlib
import itertools
import socket
import sys
import threading

import pytest
from sealwright.errors import Unreachable
from sealwright.link import connect
from sealwright.link.frames import Frame, pack
from sealwright.link.labels import INFO
from sealwright.operate import owner

from .test_trade import ended

ASK = pack(Frame(1, INFO, None))


class Crowd:
    """Strangers who hold connections to a board, each thrown out of which they open again at once. `came`: how often
    they connected. says: the next bytes that each sends, again and again; each is kept open, and its replies unread."""

    def __init__(self, address, count, says, host="127.0.0.1"):
        self.came, self._end = 0, threading.Event()
        self._threads = [threading.Thread(target=self._hold, args=(address, says, host)) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _hold(self, address, says, host):
        while not self._end.is_set():
            with contextlib.suppress(OSError), socket.create_connection(address, 1, (host, 0)) as held:
                self.came += 1
                held.settimeout(0.05)
                for data in itertools.cycle(says):
                    if self._end.is_set():
                        return
                    held.sendall(data)
                    with contextlib.suppress(TimeoutError):
                        if not held.recv(4096):
                            break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()


def proved(lab, board, seconds):
    """A connection on which the owner's command was accepted. This process is as slow as its crowd: before its first
    request the device may have taken six others from the same address."""
    for _ in range(50):
        try:
            client = connect(board.url)
        except Unreachable:  # the crowd fills the queue of new connections too
            continue
        try:
            owner.set_interval(lab.home, client, seconds)
            return client
        except Unreachable:
            client.close()
    raise AssertionError("the crowd keeps the owner out")


@pytest.mark.parametrize("says", [(b"",), (b"\x01",), (b"\x01" * 5000, b"\x00")], ids=["silent", "trickling", "noisy"])
def test_the_owner_s_command_goes_through_a_crowd(lab, says):
    board = lab.board("station", ["bme280"])
    with Crowd(tuple(board.hardware["command"]), 20, says) as crowd, contextlib.ExitStack() as stack:
        client = stack.enter_context(proved(lab, board, 7))
        before = crowd.came
        for seconds in range(8, 30):
            assert client.info().raw["interval"] == seconds - 1
            owner.set_interval(lab.home, client, seconds)
        while crowd.came <= before + 40:  # others come and go meanwhile
            assert client.info().raw["interval"] == 29
        assert len(client.chain()) == 2 and client.info().raw["interval"] == 29, "the same connection"


def test_an_owner_who_has_proved_itself_outlasts_strangers_who_speak(lab):
    board = lab.board("station", ["bme280"])
    with connect(board.url) as client:
        owner.set_interval(lab.home, client, 7)
        with Crowd(tuple(board.hardware["command"]), 12, (ASK,)) as crowd:
            while crowd.came < 40:
                assert client.info().raw["interval"] == 7
            owner.set_interval(lab.home, client, 9)
            assert client.info().raw["interval"] == 9


@pytest.mark.skipif(sys.platform != "linux", reason="gives itself a second address, as Linux lets every process do")
def test_strangers_of_one_host_who_speak_do_not_keep_an_owner_out(lab):
    board = lab.board("station", ["bme280"])
    with Crowd(tuple(board.hardware["command"]), 12, (ASK,), "127.0.0.2") as crowd:
        lab.wait(board, lambda _: crowd.came > 40)
        for seconds in range(7, 12):
            with connect(board.url) as client:
                owner.set_interval(lab.home, client, seconds)
        with connect(board.url) as client:
            assert client.info().raw["interval"] == 11


def test_a_buyer_is_served_beside_a_crowd_on_the_peer_link(lab):
    payee, payer = lab.board("payee", ["bme280"]), lab.board("payer")
    lab.sells(payee, "reading", 5)
    with Crowd(tuple(payee.hardware["peer"]), 12, (b"\x01",)):
        lab.order(payer, payee, "reading", 100)
        assert lab.wait(payer, ended)["order"] == [1, None, [20, 100]]
    assert lab.info(payer)["trade_fault"] is None
