"""I2C0 of the emulated chip: its transfers, byte by byte, as writes and reads of the chip models in boards/emulated.

A model is asked for a read once, when it is addressed, for as many bytes as any chip gives; those that the master did
not clock out are given back by its `unread`, where it has one (a chip whose reads use up what they give needs it). What
was written reaches the model at the stop or the repeated start; until then every byte is acknowledged.
Limits: transfers take no time; no zero-length write: stock MicroPython makes those by hand on the pins, and so `scan`.

The models know no host: they and what they import are found by path, as a board's process finds them.
"""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from rp2040py.peripherals.i2c import RPI2C, I2CMode

_AHEAD: Final = 256
_TX_EMPTY: Final = 1 << 4  # of the raw interrupts: RP2040 data sheet 4.3.17, IC_RAW_INTR_STAT
_IDLE: Final = 0xFF  # what a released data line reads as


class Bus:
    """The wires between the controller `i2c` and an `emulated.i2c.I2C` with its chips."""

    def __init__(self, i2c: RPI2C, chips: Any) -> None:
        self._i2c = i2c
        self._chips = chips
        self._address = 0
        self._out = bytearray()
        self._coming: bytes | None = None
        self._taken = 0
        i2c.on_start = self._start
        i2c.on_connect = self._connect
        i2c.on_write_byte = self._write
        i2c.on_read_byte = self._read
        i2c.on_stop = self._stop

    def _start(self, repeated: bool) -> None:
        self._end()
        self._i2c.complete_start()

    def _connect(self, address: int, mode: I2CMode) -> None:
        self._address = address
        try:
            if mode is I2CMode.READ:
                self._coming, self._taken = self._chips.readfrom(address, _AHEAD), 0
            else:
                self._chips.writeto(address, b"")
        except OSError:
            self._i2c.int_raw |= _TX_EMPTY  # an abort empties the queue; rp2040py does not say so
            self._i2c.complete_connect(False)
        else:
            self._i2c.complete_connect(True)

    def _write(self, value: int) -> None:
        self._out.append(value)
        self._i2c.complete_write(True)

    def _read(self, more: bool) -> None:
        coming = self._coming or b""
        value = coming[self._taken] if self._taken < len(coming) else _IDLE
        self._taken += 1
        self._i2c.complete_read(value)

    def _stop(self) -> None:
        self._end()
        self._i2c.complete_stop()

    def _end(self) -> None:
        """Let the chip have what was written, or know how much of its answer was read."""
        out, self._out = bytes(self._out), bytearray()
        coming, self._coming = self._coming, None
        if coming is not None and self._taken < len(coming):
            self._chips.unread(self._address, len(coming) - self._taken)
        if out:
            try:
                self._chips.writeto(self._address, out)
            except OSError:
                return  # it refuses what it acknowledged: the driver finds out when it reads


def solder(
    i2c: RPI2C, boards: Path, series: Sequence[Path], ticks: Callable[[], int], element: str | None = None
) -> dict[str, Callable[[], Any]]:
    """Put the chips that replay these series on the bus; returns the series that are no chips', by sensor.

    boards: the folder with `emulated` in it. ticks: the milliseconds that chips and series live by. element: the chip
    that keeps keys, with its memory in the working folder. Raises OSError, ValueError for what is no series.
    """
    sys.path[:0] = [str(boards), str(boards.parent / "firmware")]
    chips = import_module("emulated.i2c").I2C()
    rest: dict[str, Callable[[], Any]] = import_module("emulated.sensors").solder(chips, map(str, series), ticks)
    import_module("emulated.elements").solder(chips, element, "", ticks)
    Bus(i2c, chips)
    return rest
