"""A cable that is pulled at a moment that no timing would hit."""

import termios
from collections.abc import Callable

import pytest

CALLS = ("tcgetattr", "tcsetattr", "tcflush")  # what pyserial uses; the error of the last two it passes on as it is


def pull_before(patches: pytest.MonkeyPatch, call: str, number: int, pull: Callable[[], None]) -> list[int]:
    """Have `pull` called right before the `number`th use of termios' `call`, which is made all the same. What it
    returns holds `number` once that was."""
    real, left, pulled = getattr(termios, call), [number], []

    def use(*arguments):
        left[0] -= 1
        if left[0] == 0:
            pulled.append(number)
            pull()
        return real(*arguments)

    patches.setattr(termios, call, use)
    return pulled
