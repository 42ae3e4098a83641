"""The parts of `machine` that the loader uses: a reset, and a watchdog that cannot be stopped once it runs.

The process that started the board executes both (`ResetLine` in `sealwright/emulator/launch.py`): it kills MicroPython
and starts it again, because a reset unwinds nothing. It reads a pipe, one line for each event: "reset"; a number, the
watchdog's time-out in milliseconds; an empty line for each feed.
"""

import os
import time

RESET = 75  # EX_TEMPFAIL

_number = os.getenv("SEALWRIGHT_CHIP")
_pipe = open(int(_number), "wb") if _number else None  # None: the board runs by itself, without a watchdog


def reset() -> None:
    """Start again, as after a power cut. Without a parent process the process ends, with the code RESET."""
    if _pipe is None:
        raise SystemExit(RESET)
    _pipe.write(b"reset\n")
    while True:
        time.sleep(1)


class WDT:
    """The watchdog, with `timeout` in milliseconds."""

    def __init__(self, timeout: int) -> None:
        self._send(b"%d\n" % timeout)

    def feed(self) -> None:
        self._send(b"\n")

    def _send(self, line: bytes) -> None:
        if _pipe:
            _pipe.write(line)
