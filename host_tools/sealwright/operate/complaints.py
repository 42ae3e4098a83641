"""Complaints about parties that are looked at again and again: each is reported a few times, not at every look.

Limits: of MOST_PARTIES at most something is kept; the failures of one that was dropped are reported anew.
"""

from collections.abc import Callable
from typing import Final

MOST_TOLD: Final = 3  # different reports about one party, until it does well again
MOST_PARTIES: Final = 10_000  # anybody can make up names at a broker


class Complaints:
    """tell: gets each text that is new."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: dict[str, list[str]] = {}

    def note(self, party: str, name: str, text: str) -> bool:
        """Report it, unless the same was reported of this party before, or MOST_TOLD others. name: what people call the
        party. Returns whether it was reported."""
        told = self._told.setdefault(party, [])
        if len(self._told) > MOST_PARTIES:
            del self._told[next(iter(self._told))]
        if text in told or len(told) > MOST_TOLD:
            return False
        told.append(text)
        if len(told) > MOST_TOLD:
            text = "it goes on failing; this is reported again once it has worked in between"
        self._tell(f"{name}: {text}")
        return True

    def settle(self, party: str) -> None:
        """It does well: its next failure is news."""
        self._told.pop(party, None)
