"""Hands alerts to one way, one after the other, in a thread: a way that is slow or hangs holds up nothing else.

A server may answer a byte at a time, and no time-out of a socket ends that. So a call that takes PATIENCE is given up
and counts as failed; its thread is left behind, MOST_LEFT of them at most.
"""

import threading
import time
from typing import Final

from ...errors import cause_of
from .finding import Alert
from .sending import NotSent, Send

PATIENCE: Final = 60.0  # seconds
MOST_LEFT: Final = 3


class _Errand:
    """One alert on its way. error: why it was not taken, once it is over."""

    def __init__(self, send: Send, alert: Alert) -> None:
        self.alert, self.is_over = alert, threading.Event()
        self.error: NotSent | None = None
        self.began = time.monotonic()
        self.thread = threading.Thread(target=self._run, args=(send,), daemon=True)
        self.thread.start()

    def _run(self, send: Send) -> None:
        try:
            send(self.alert)
        except NotSent as error:
            self.error = error
        except Exception as error:  # whatever it is, other alerts have their turn
            self.error = NotSent(f"it cannot be handed over: {cause_of(error)}")
        self.is_over.set()


class Courier:
    """Of one way."""

    def __init__(self) -> None:
        self._errand: _Errand | None = None
        self._left: list[threading.Thread] = []

    @property
    def is_free(self) -> bool:
        """Whether it takes an alert."""
        self._left = [one for one in self._left if one.is_alive()]
        return self._errand is None and len(self._left) < MOST_LEFT

    @property
    def is_busy(self) -> bool:
        """Whether an alert is on its way."""
        return self._errand is not None

    def hand(self, send: Send, alert: Alert) -> None:
        """Begin to send; only where it is free."""
        self._errand = _Errand(send, alert)

    def result(self) -> tuple[Alert, NotSent | None] | None:
        """The alert that was sent, or why it was not; None while it is on its way, and where there is none."""
        errand = self._errand
        if errand is None:
            return None
        if errand.is_over.is_set():
            self._errand = None
            return errand.alert, errand.error
        if time.monotonic() - errand.began < PATIENCE:
            return None
        self._errand = None
        self._left.append(errand.thread)
        return errand.alert, NotSent(f"it did not take an alert in {PATIENCE:g} s")
