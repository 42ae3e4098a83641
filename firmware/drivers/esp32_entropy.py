"""Port Entropy on ESP32 chips: the hardware generator, fed by the radio.

`os.urandom` reads RNG_DATA_REG. ESP-IDF ("Random Number Generation") calls it a true random number generator while
Wi-Fi or Bluetooth is on, or the SAR ADC is set up as its boot loader does; else it is pseudo-random, and no
statistical test would tell. So the radio is switched on for each drawing, without joining a network, and off after it
where it was off.

Limits: the source fails where the radio cannot be switched on. It sends nothing, but costs about 100 mA for 0.2 s.
"""

import os
import time

from machine import unique_id
from network import WLAN

from seal.compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

_DRAWN = const(1024)  # what a seed takes: the radio goes on once for it


class RadioRandom:
    """A source that keeps a drawing until it is used up, each byte given once."""

    name = "radio noise"

    def __init__(self) -> None:
        self._drawn = b""

    def __call__(self, n: int) -> bytes:
        """`n` bytes, at most 1,024. Raises OSError where the radio does not start."""
        if len(self._drawn) < n:
            self._drawn = _with_radio(_DRAWN)
        given, self._drawn = self._drawn[:n], self._drawn[n:]
        return given


def _with_radio(n: int) -> bytes:
    station = WLAN(WLAN.IF_STA)
    was_on = station.active()
    if not was_on:
        station.active(True)
        if not station.active():
            raise OSError("the radio does not start")
        time.sleep(0.1)  # the receiver's noise needs a moment
    try:
        return os.urandom(n)
    finally:
        if not was_on:
            station.active(False)


def identity(n: int) -> bytes:
    """The chip's number: no secret, but two boards never begin alike."""
    return unique_id()


class Esp32Entropy:
    """The radio's noise; the chip's number on top."""

    def __init__(self) -> None:
        self.sources: "list[Callable[[int], bytes]]" = [RadioRandom()]
        self.extras: "list[Callable[[int], bytes]]" = [identity]
