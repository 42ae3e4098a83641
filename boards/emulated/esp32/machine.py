"""The module `machine` of an emulated board, with the parts that boards use.

`hardware.json` in the folder SEALWRIGHT_FOLDER says which series the chips on the I2C bus replay, and the processor's
own temperature sensor, and which chip keeps keys. A file `button` there is the button held down. `emulated.chip` has
the reset and the watchdog.
"""

import json
import os
import select
import sys
import time

import esp32
from emulated.chip import WDT, reset  # noqa: F401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from emulated.i2c import I2C as Bus

_FOLDER = os.getenv("SEALWRIGHT_FOLDER") or ""


class Pin:
    """An input with pull-up: low while the button is down, otherwise high."""

    IN = 0
    PULL_UP = 1

    def __init__(self, number: int, mode: int = -1, pull: int | None = None) -> None:
        self._number = number

    def value(self) -> int:
        """0 or 1."""
        return 0 if "button" in os.listdir(_FOLDER or ".") else 1


def I2C(number: int, scl: Pin, sda: Pin, freq: int) -> "Bus":  # noqa: N802  a class on the board
    """The bus with its chips."""
    from emulated import elements, i2c, sensors  # they import `seal`, which a blank board does not have

    bus = i2c.I2C()
    with open(_FOLDER + "hardware.json") as file:
        hardware = json.load(file)
    rest = sensors.solder(bus, [_FOLDER + name for name in hardware["series"]])
    elements.solder(bus, hardware.get("element"), _FOLDER)
    if "mcu" in rest:
        esp32.deci_celsius = lambda: rest["mcu"]()[0]
    return bus


class ADC:
    """The converter at a pin: a file `battery` in the folder has the pin's voltage in microvolts; without it, none."""

    ATTN_11DB = 3

    def __init__(self, pin: Pin, atten: int = 0) -> None:
        pass

    def read_uv(self) -> int:
        """The pin's voltage in microvolts."""
        try:
            with open(_FOLDER + "battery") as file:
                return int(file.read())
        except OSError:
            return 0


class RTC:
    """The clock that `time` reads."""

    def datetime(self, calendar: tuple[int, int, int, int, int, int, int, int]) -> None:
        """Set it: (year, month, day, weekday, hours, minutes, seconds, 0)."""
        year, month, day, _, hour, minute, second, _ = calendar
        time.set_time(time.mktime((year, month, day, hour, minute, second, 0, 0)))


def lightsleep(ms: int) -> None:
    """Sleep for `ms`. Bytes that come on the UART meanwhile are lost, as on the chip."""
    time.sleep_ms(ms)
    wire = select.poll()
    wire.register(sys.stdin.buffer, select.POLLIN)
    while any(event & select.POLLIN for _, event in wire.poll(0)) and sys.stdin.buffer.read(1):
        pass


def unique_id() -> bytes:
    """Six bytes, as of a MAC address, the same on every emulated board; none relies on it."""
    return b"\x02emu\x00\x01"
