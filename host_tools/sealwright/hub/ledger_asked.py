"""The ledger as intake asks it: a server that is away holds up nothing that comes in.

What it has for a device's key, and its word on channels, are worth waiting a moment for and no more: what comes is on
disk, and is settled when the ledger is back. So one that fails is left alone for AWAY_SECONDS, and is not waited for.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from ..ledger import LedgerError, LedgerFile
from ..ledger.book import Channel

AWAY_SECONDS: Final = 10.0
T = TypeVar("T")


class LedgerAsked:
    """A ledger. Every method may raise a LedgerError."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger
        self._error: LedgerError | None = None
        self._again = 0.0

    def certificates(self, kid: bytes) -> list[bytes]:
        """As `LedgerFile.certificates`."""
        return self._ask(lambda: self._ledger.certificates(kid))

    def funding(self, channel: bytes) -> bytes | None:
        """As `LedgerFile.funding`."""
        return self._ask(lambda: self._ledger.funding(channel))

    def channel(self, digest: bytes) -> Channel | None:
        """As `LedgerFile.channel`."""
        return self._ask(lambda: self._ledger.channel(digest))

    def _ask(self, question: Callable[[], T]) -> T:
        if self._error is not None and time.monotonic() < self._again:
            raise self._error.with_traceback(None)  # each raise would add to it
        try:
            found = question()
        except LedgerError as error:
            self._error, self._again = error, time.monotonic() + AWAY_SECONDS
            self._ledger.close()
            raise
        self._error = None
        return found
