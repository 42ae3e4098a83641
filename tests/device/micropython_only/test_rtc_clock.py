"""A chip's clock, on the ESP32's epoch: what `time` here would be is a model's, as `machine.RTC` is."""

import sys

for folder in list(sys.path):
    if folder.endswith("boards"):
        sys.path.insert(0, folder + "/emulated/esp32")  # before `boards`, where `esp32` is a board's folder

import time  # noqa: E402

from drivers.rtc_clock import RtcClock  # noqa: E402
from seal.labels import CLOCK_HOST, CLOCK_NETWORK, CLOCK_SINCE_BOOT  # noqa: E402

NOW = 1_790_000_000


def test_clock_is_unset_after_power_on():
    time.set_time(0)
    clock = RtcClock()
    assert clock.quality == CLOCK_SINCE_BOOT and clock.now() - 946_684_800 < 5


def test_clock_is_set_in_unix_seconds():
    time.set_time(0)
    clock = RtcClock()
    clock.set(NOW, CLOCK_HOST)
    assert 0 <= clock.now() - NOW < 5 and time.gmtime()[:3] == (2026, 9, 21)
    clock.set(NOW + 1000, CLOCK_NETWORK)
    assert 0 <= clock.now() - NOW - 1000 < 5 and clock.quality == CLOCK_NETWORK
    clock.set(NOW, CLOCK_HOST)
    assert 0 <= clock.now() - NOW < 5 and clock.quality == CLOCK_HOST


def test_reset_keeps_host_time():
    time.set_time(0)
    RtcClock().set(NOW, CLOCK_NETWORK)
    again = RtcClock()
    assert again.quality == CLOCK_HOST and 0 <= again.now() - NOW < 5
