"""Network time on a model of the ESP32's clock: what a server's wrong answer does, and who can put it right.

`network` is a module that the image of a board with a radio has; this one is always on its network.
"""

import sys

for folder in list(sys.path):
    if folder.endswith("boards"):
        sys.path.insert(0, folder + "/emulated/esp32")  # before `boards`, where `esp32` is a board's folder

import time  # noqa: E402

from drivers.rtc_clock import RtcClock  # noqa: E402
from ntp_server import Server, answer  # noqa: E402
from rig import NOW, Board, Issuer, provision  # noqa: E402
from seal import labels  # noqa: E402
from seal.compat import ticks_add, ticks_ms  # noqa: E402
from seal.device import Device  # noqa: E402
from seal.errors import NotYetValid  # noqa: E402
from seal.owner import Owner  # noqa: E402
from seal.timekeeping import MAX_STEP  # noqa: E402


class Radio:
    """`network.WLAN` of a board that is on its network."""

    IF_STA = 0

    def __init__(self, *_):
        self._on = False

    def active(self, *_):
        pass

    def disconnect(self):
        self._on = False

    def connect(self, *_):
        self._on = True

    def isconnected(self):
        return self._on


class Network:
    WLAN = Radio


sys.modules["network"] = Network

from links.wifi import Wifi  # noqa: E402

LOCAL = "127.0.0.1"
ZERO = answer(NOW, seconds=0, fraction=bytes(4))


def test_wrong_answers_are_refused_and_asked_again():
    time.set_time(0)
    board = Board()
    board.clock = RtcClock()
    device = Device(board)
    device.load()
    issuer = Issuer()
    provision(device, issuer)
    server = Server([])
    radio = Wifi(board.clock, [LOCAL, LOCAL], server.port)

    def join(*answers, early=False):
        if not early:
            radio._asked = ticks_add(ticks_ms(), -900_000)
        server.answers, server.asked = list(answers), 0
        unix = server.run(radio.join("net", "word"))
        return None if unix is None else device.timekeeper.take_network_time(unix)

    assert join(ZERO, ZERO) is None and server.asked == 2
    assert join(ZERO, early=True) is None and server.asked == 0, "servers are not pressed"
    assert 0 <= board.clock.now() - NOW < 5
    assert join(answer(NOW), answer(NOW + 9)) is None
    assert join(answer(NOW + 2 * MAX_STEP), answer(NOW + 2 * MAX_STEP)) is False
    assert device.timekeeper.fault == NotYetValid.code and board.clock.quality == labels.CLOCK_HOST
    assert join(answer(NOW + 60), answer(NOW + 60)) is True and device.timekeeper.fault is None
    assert 0 <= board.clock.now() - NOW - 60 < 5 and board.clock.quality == labels.CLOCK_NETWORK
    assert join(answer(NOW), answer(NOW)) is None and server.asked == 0, "asked no more today"
    Owner(device).command(issuer.command(device, "clock", NOW + 5))
    assert 0 <= board.clock.now() - NOW - 5 < 5 and board.clock.quality == labels.CLOCK_HOST
    assert join(answer(NOW + 6), answer(NOW + 6)) is True, "a network may confirm it"
    server.close()
