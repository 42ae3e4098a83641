"""The ESP32's generator is drawn from only while the radio is on, and the radio is left as it was."""

import sys

from check import raises
from seal.entropy import Pool
from seal.errors import EntropyFailed

for folder in list(sys.path):
    if folder.endswith("boards"):
        sys.path.insert(0, folder + "/emulated/esp32")  # before `boards`, where `esp32` is a board's folder

import network  # noqa: E402
from drivers import esp32_entropy  # noqa: E402

real = esp32_entropy.os.urandom


class Watched:
    """The module `os`, whose generator notes whether the radio was on."""

    def __init__(self):
        self.radio = []

    def urandom(self, n):
        self.radio.append(network.WLAN().active())
        return real(n)


def with_radio(on, check):
    watched = Watched()
    esp32_entropy.os, before = watched, esp32_entropy.os
    network.WLAN().active(on)
    try:
        check(watched)
    finally:
        esp32_entropy.os = before
        network.WLAN().active(False)


def test_radio_is_on_during_each_draw_only():
    def check(watched):
        source = esp32_entropy.RadioRandom()
        given = b"".join([source(64) for _ in range(16)])
        assert watched.radio == [True] and not network.WLAN().active()  # one drawing for a whole seed
        assert len(given) == 1024 and source(64) not in given and watched.radio == [True, True]

    with_radio(False, check)


def test_radio_in_use_stays_on():
    def check(watched):
        Pool(esp32_entropy.Esp32Entropy().sources).random(32)
        assert watched.radio == [True] and network.WLAN().active()

    with_radio(True, check)


class Dead:
    IF_STA = 0

    def __init__(self, interface):
        pass

    def active(self, on=None):
        return False


def test_key_generation_fails_without_radio():
    esp32_entropy.WLAN, before = Dead, esp32_entropy.WLAN
    try:
        made = esp32_entropy.Esp32Entropy()
        error = raises(EntropyFailed, Pool(made.sources, made.extras).random, 32)
        assert "radio" in str(error)
    finally:
        esp32_entropy.WLAN = before
