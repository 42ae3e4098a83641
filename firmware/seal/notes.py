"""Log messages for the person at the console. Links carry codes, never text.

show: the board's function(text), or None on a board whose console is the wire of a link: text would corrupt frames.
"""

import io
import sys

from .errors import SealError

show = None


def tell(text: str) -> None:
    """Log a line, if the board has a console."""
    if show:
        show(text)


def trace(what: str, error: BaseException) -> None:
    """Log `error`: one line for a SealError or OSError, the whole trace for any other exception."""
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
