"""What the device says to the person beside it, in words. None of it crosses a link: codes do that.

`show` is where it goes: a function of one text, or None on boards whose console is the wire of a link, where a word
between the frames would be damage.
"""

import io
import sys

from .errors import SealError

show = None


def tell(text: str) -> None:
    """Say a line, where the board has anything to say it with."""
    if show:
        show(text)


def trace(what: str, error: BaseException) -> None:
    """Tell of `error`: a line for what can happen, the whole trace for what nobody foresaw."""
    if not show:
        return
    tell("%s: %s" % (what, error))
    if isinstance(error, (SealError, OSError)):
        return
    if hasattr(sys, "print_exception"):
        text = io.StringIO()
        sys.print_exception(error, text)
        tell(text.getvalue())
    else:
        import traceback  # type: ignore[import-not-found]  # CPython

        tell("".join(traceback.format_exception(error)))
