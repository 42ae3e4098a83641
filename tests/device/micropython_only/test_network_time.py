"""Network time on a model of the ESP32's clock: what a server's wrong answer does, and who can put it right.

`network` and `ntptime` are modules that the image of a board with a radio has frozen in; these stand for them.
"""

import asyncio
import sys

for folder in list(sys.path):
    if folder.endswith("boards"):
        sys.path.insert(0, folder + "/emulated/esp32")  # before `boards`, where `esp32` is a board's folder

import time  # noqa: E402

from drivers.rtc_clock import RtcClock  # noqa: E402
from rig import NOW, Board, Issuer, provision  # noqa: E402
from seal import labels  # noqa: E402
from seal.device import Device  # noqa: E402
from seal.errors import NotYetValid  # noqa: E402
from seal.owner import Owner  # noqa: E402

_NTP_TO_1970 = 2_208_988_800
_ERA_0 = 3_913_056_000  # ntptime's rule: what is below belongs to the era that begins in 2036


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


class NtpTime:
    """`ntptime`: answers are the transmit times of servers, NTP seconds."""

    answers = []

    @classmethod
    def time(cls):
        value = cls.answers.pop(0)
        return value + ((1 << 32) if value < _ERA_0 else 0) - _NTP_TO_1970 - 946_684_800


sys.modules["network"] = Network
sys.modules["ntptime"] = NtpTime

from links.wifi import Wifi  # noqa: E402


def test_zero_transmit_time_is_refused_and_the_next_answer_counts():
    time.set_time(0)
    board = Board()
    board.clock = RtcClock()
    device = Device(board)
    device.load()
    issuer = Issuer()
    provision(device, issuer)
    radio = Wifi(board.clock)
    NtpTime.answers = [0, NOW + 60 + _NTP_TO_1970]
    assert not device.timekeeper.take_network_time(asyncio.run(radio.join("net", "word")))
    assert device.timekeeper.fault == NotYetValid.code and 0 <= board.clock.now() - NOW < 5
    assert device.timekeeper.take_network_time(asyncio.run(radio.join("net", "word")))
    assert 0 <= board.clock.now() - NOW - 60 < 5 and board.clock.quality == labels.CLOCK_NETWORK
    assert asyncio.run(radio.join("net", "word")) is None, "asked no more"
    Owner(device).command(issuer.command(device, "clock", NOW + 5))
    assert 0 <= board.clock.now() - NOW - 5 < 5
