"""Keeps other processes of the same user out of this one's memory, where keys are.

Limits: Linux. Elsewhere nothing is done, and the system's own rules hold. Root can read everything, anywhere.
"""

import ctypes
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def protect() -> bool:
    """Have the system refuse to trace this process, to read its memory and to write it down in a crash; whether it
    does."""
    if sys.platform != "linux":
        return False
    with suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    return False
