"""The standard streams of a command that was started without one of them.

Python then has None in its place. And the file that a command opens next takes the stream's number, so that what any
library writes to the stream would end up in that file.
"""

import os
import sys
from typing import Final

_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed_streams() -> None:
    """Give each standard stream that is closed one that takes everything and holds nothing."""
    for name, mode in _STREAMS:
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  it stays open
