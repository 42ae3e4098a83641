"""The standard streams of a command that was started without one of them.

Python then has None in its place. And the file that a command opens next takes the stream's number, so that what any
library writes to the stream would end up in that file.
"""

import os
import select
import sys
from typing import Final

_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed_streams() -> None:
    """Give each standard stream that is closed one that takes everything and holds nothing."""
    for name, mode in _STREAMS:
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  it stays open


def reader_is_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more. False where the system cannot tell."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):  # no file of the system
        return False
    return any(event & select.POLLERR for _, event in poll.poll(0))
