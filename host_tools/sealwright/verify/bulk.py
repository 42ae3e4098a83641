"""Work that makes many small values at once.

Purpose: speed. Python looks for cycles after every so many new containers, over all that there are, and that takes a
quarter of the time of such work. None of what it makes is in a cycle.
Limits: off for the whole process meanwhile, so the work is short, and hands nothing out before it is done.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_cycles() -> Iterator[None]:
    """Leave the search for cycles out, if it is on."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
