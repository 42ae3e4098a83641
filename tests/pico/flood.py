"""The strongest host there can be: keys in every USB packet, from the moment that the chip is enumerated.

A chip of its own, on a copy of a board's flash, without a pty or a socket between: those take their time.
"""

import shutil
from pathlib import Path
from typing import cast

from sealwright.emulator.pico.chip import Chip
from sealwright.emulator.wires import Wires

KEYS = (b"\x03", b"\r\x03", b"\x03\x04", b"\x03\x01", b"\x03\x02")  # Ctrl-C; with soft reset, raw and friendly REPL
FLOOD_MS = 400  # of the chip's time: main.py's first line is done within 15
ASK_MS = 600


class _Over(Exception):
    pass


class Flood:
    """What a chip's console is connected to: presses `keys` without a pause, `late` ms after enumeration, then asks.
    late: with 0 they wait in the host's queue before the chip is enumerated, and come first."""

    def __init__(self, keys: bytes, late: int) -> None:
        self.inbox = bytearray()
        self.said = b""
        self.chip: Chip | None = None
        self._keys, self._late = keys, late
        self._since: int | None = None
        self._asked = False

    def listen(self) -> None:
        assert self.chip
        self._since = self.chip.milliseconds()

    def send(self, data: bytes) -> None:
        self.said += data

    def take(self, most: int) -> bytes:
        if self._late <= self._ms() < FLOOD_MS or (not self._late and self._ms() < 0):
            return (self._keys * most)[:most]
        if self._ms() >= FLOOD_MS and most and not self._asked:
            self._asked = True
            return b"\r\nprint(6 * 7)\r\n"
        return b""

    def wait(self, _: float) -> None:
        if self._ms() > ASK_MS:
            raise _Over

    def _ms(self) -> int:
        assert self.chip
        return -1 if self._since is None else self.chip.milliseconds() - self._since


def flooded(flash: Path, scratch: Path, keys: bytes, late: int = 0) -> bytes:
    """What a board with this flash says to such a host while it boots and after."""
    shutil.copy(flash, scratch)
    flood = Flood(keys, late)
    flood.chip = Chip(scratch, cast(Wires, flood))
    try:
        flood.chip.run()
    except _Over:
        pass
    return flood.said
