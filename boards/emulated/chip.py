"""What a chip gives the loader, as `machine` does: a reset, and a watchdog that nothing can stop once it runs.

Both are carried out by the process that holds the board (`ResetLine` in `sealwright/emulator/launch.py`), which kills
MicroPython and starts it again, as a reset unwinds nothing. It is told over a pipe, a line each: "reset"; a number, the
watchdog's time-out in milliseconds; and an empty line for each feeding.
"""

import os
import time

RESET = 75  # EX_TEMPFAIL

_number = os.getenv("SEALWRIGHT_CHIP")
_pipe = open(int(_number), "wb") if _number else None  # none: nobody holds the board, and nothing watches it


def reset() -> None:
    """Start again, as after a power cut. Where nobody holds the board the process ends, with the code RESET."""
    if _pipe is None:
        raise SystemExit(RESET)
    _pipe.write(b"reset\n")
    while True:
        time.sleep(1)


class WDT:
    """The watchdog, with `timeout` in milliseconds."""

    def __init__(self, timeout: int) -> None:
        self._tell(b"%d\n" % timeout)

    def feed(self) -> None:
        self._tell(b"\n")

    def _tell(self, line: bytes) -> None:
        if _pipe:
            _pipe.write(line)
