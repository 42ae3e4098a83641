"""What a hub remembers of what it gathered: little, for it gathers for years.

A collector of a command remembers each digest. Here a reading is known by its number, since a device's log is followed
in order, and of other messages the latest are remembered: one that was forgotten goes into the spool again, which
changes nothing.
"""

import threading
from collections import OrderedDict, deque
from typing import Final

from ..operate.gathering import Once
from ..operate.logs import RECENT, Logs
from ..operate.promises import Promises
from ..verify.policy import CHAINED
from ..wire.messages import Body, Message, Reading

MOST_OTHERS: Final = 200_000  # digests


class _NoPromises(Promises):
    """A hub shows what is in its ledger."""

    def note(self, message: Message[Body]) -> None:
        """Forget it."""


class Bounded(Once):
    """A collector whose memory is bounded; several threads use it."""

    def __init__(self, logs: Logs) -> None:
        super().__init__(logs, CHAINED)
        self.promises = _NoPromises()
        self._latest: OrderedDict[bytes, None] = OrderedDict()
        self._guard = threading.Lock()

    def take(self, message: Message[Body]) -> bool:
        """Whether this message is new, as far as is remembered."""
        body, digest = message.body, message.digest
        with self._guard:
            if isinstance(body, Reading):
                last = self._last.setdefault(message.kid, deque(maxlen=RECENT))
                if not last or last[-1][0] < body.seq:
                    last.append((body.seq, message.raw))
                return True
            is_new = digest not in self._latest
            self._latest[digest] = None
            self._latest.move_to_end(digest)
            if len(self._latest) > MOST_OTHERS:
                self._latest.popitem(last=False)
            return is_new
