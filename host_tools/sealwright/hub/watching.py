"""The part `watch`: channels whose claim has ended are refunded, and who may still claim is warned in time.

Vouchers and closes come by intake and settle; this part needs no device. It warns once of each channel and end, as a
fault of the payee, and again after a restart. Limits: of the claims that end, those of the first 1,000 channels.
"""

import threading
import time
from contextlib import ExitStack
from typing import Final

from ..bookkeeping import note_head, open_ledger
from ..home import Home
from ..ledger import Ledger
from ..money import Assets
from ..wire.times import utc
from .fleet import Fleet
from .folder import HubFolder
from .settings import Settings
from .settling import PASSING
from .state import State

PART: Final = "watch"
ROUND_SECONDS: Final = 10.0
CLAIM_ENDS: Final = "claim_ends"
_MOST_WARNED: Final = 10_000


def run(home: Home, settings: Settings, stop: threading.Event) -> None:
    """Watch until `stop` is set. Raises LedgerError, Usage."""
    folder = HubFolder(home.folder)
    folder.make()
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(home, allow_test=settings.allow_test))
        fleet = stack.enter_context(Fleet(folder.fleet, write=True))
        work = _Watching(home, settings, ledger, fleet)
        while not stop.is_set():
            work.round()
            end = time.monotonic() + ROUND_SECONDS
            while not stop.is_set() and time.monotonic() < end:
                work.state.tell()
                stop.wait(1.0)
        work.state.tell(now=True)


class _Watching:
    """One round after the other."""

    def __init__(self, home: Home, settings: Settings, ledger: Ledger, fleet: Fleet) -> None:
        self._home, self._ledger, self._fleet = home, ledger, fleet
        self._within = int(settings.warn_hours * 3600)
        self._assets = Assets.read(home.folder)
        self._warned: set[tuple[bytes, int]] = set()
        self.state = State(HubFolder(home.folder).state(PART), PART)
        self.state.tell(now=True)

    def round(self) -> None:
        """Refund what has ended, and warn of what ends soon. Raises LedgerError for what does not pass by itself."""
        try:
            refunded = self._ledger.refund_ended()
            if refunded:
                note_head(self._home, self._ledger)
            self.state.counts["refunded"] += refunded
            self._warn()
            self.state.hold("")
        except PASSING as error:
            self.state.hold(f"{error}. {error.remedy}")

    def _warn(self) -> None:
        ending = self._ledger.ending(self._within)
        self.state.backlog = len(ending)
        for channel in ending:
            end = channel.terms.claim_end
            if (channel.digest, end) in self._warned:
                continue
            if len(self._warned) >= _MOST_WARNED:
                self._warned.clear()
            self._warned.add((channel.digest, end))
            money = self._assets.show(channel.remaining, channel.asset)
            why = f"channel {channel.digest[:8].hex()}: {money} may be claimed until {utc(end)}"
            self._fleet.note_fault(channel.payee, CLAIM_ENDS, why)
            self.state.counts["warnings"] += 1
