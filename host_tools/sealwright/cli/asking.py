"""A question to the person at a terminal, which only an answer that was typed after it counts for."""

import os
import select
import sys
import time
from collections.abc import Callable

from ..extras import unix
from .session import Session

_termios = unix("termios")
_TICK_SECONDS = 0.2
_MOST = 1024


class Terminal:
    """Standard input, where a person types. over: whether nobody need answer any more."""

    def __init__(self, over: Callable[[], bool]) -> None:
        self._over = over
        self.is_there = sys.stdin is not None and sys.stdin.isatty()

    def says_yes(self, session: Session, end: float) -> bool:
        """Whether the person typed the word yes, before `end` (of time.monotonic). What was typed before the question
        is thrown away: it answers nothing."""
        handle = sys.stdin.fileno()
        _termios.tcflush(handle, _termios.TCIFLUSH)
        session.say("Sign it? Type yes, or anything else to refuse:")
        while not self._over() and time.monotonic() < end:
            ready, _, _ = select.select([handle], [], [], _TICK_SECONDS)
            if ready:
                return self._typed(handle).strip().lower() == "yes"
        session.say("Nobody answered.")
        return False

    def _typed(self, handle: int) -> str:
        try:
            found = os.read(handle, _MOST)
        except OSError:  # Linux: the terminal was closed
            found = b""
        self.is_there = bool(found)
        return found.decode(errors="replace")
