"""Runs a program that ends with who started this: `python -P -S keeper.py PROGRAM ARGUMENT...`.

Its standard input is a pipe whose other end the starter holds. At its end, also after a kill -9 of the starter, the
program gets SIGTERM, and SIGKILL where it does not end. Signals are passed on, and the program's exit code is this
one's. Run as a script: it imports nothing of the package. Limits: a kill -9 of this process leaves the program alone.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from types import FrameType

END_SECONDS = 10.0  # that the program has


def main(command: list[str]) -> int:
    """Run until the program ends; its exit code, 128 and more after a signal."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def pass_on(number: int, frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, pass_on)
    threading.Thread(target=_end_with_starter, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _end_with_starter(child: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):
        os.read(0, 1)
    child.terminate()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
