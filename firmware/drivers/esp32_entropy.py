"""Port Entropy on ESP32 chips: the hardware generator, fed by the radio.

`os.urandom` reads RNG_DATA_REG. ESP-IDF ("Random Number Generation") calls it a true random number generator while
Wi-Fi or Bluetooth is on, or the SAR ADC is set up as its boot loader does; otherwise it is pseudo-random, and no
statistical test detects that. So this source switches the radio on for each draw, joins no network, and switches the
radio off again if it was off.

Limits: the source fails where the radio cannot be switched on. The radio sends nothing, but takes about 100 mA for
0.2 s.
"""

import os
import time

from machine import unique_id
from network import WLAN

from seal.compat import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

_DRAW = const(1024)  # bytes, enough for a seed: the radio is switched on once


class RadioRandom:
    """A source that draws 1,024 bytes at a time and returns each byte once."""

    name = "radio noise"

    def __init__(self) -> None:
        self._stock = b""

    def __call__(self, n: int) -> bytes:
        """`n` bytes, at most 1,024. Raises OSError if the radio does not start."""
        if len(self._stock) < n:
            self._stock = _draw(_DRAW)
        part, self._stock = self._stock[:n], self._stock[n:]
        return part


def _draw(n: int) -> bytes:
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
    """The chip's serial number: not secret, but different on every board."""
    return unique_id()


class Esp32Entropy:
    """The radio's noise as source, the chip's serial number as extra."""

    def __init__(self) -> None:
        self.sources: "list[Callable[[int], bytes]]" = [RadioRandom()]
        self.extras: "list[Callable[[int], bytes]]" = [identity]
