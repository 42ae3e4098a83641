"""Watching claims: what devices hold goes into a ledger before the claims end, also for payees that sleep.

A watcher needs vouchers and closes and nothing else: no key of a device, no reading. What it has done is in the ledger,
so it may be stopped at any moment and begin again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import RefusedByDevice, Rejected, SealwrightError, Unreachable
from .collecting import Collector, Source

OF_DEVICE = (Unreachable, RefusedByDevice, Rejected)


@dataclass(frozen=True, slots=True)
class Failure:
    """A device that a round could not look at."""

    name: str
    error: SealwrightError


def gather(sources: Sequence[Source], failed: Callable[[Failure], None]) -> list[bytes]:
    """The certificates and channels that devices hold now. failed: gets each device that did not answer."""
    collector = Collector()
    found: list[bytes] = []
    reached: list[Source] = []
    for source in sources:
        try:
            found += collector.certificates(source.client)
            source.look()
        except OF_DEVICE as error:
            failed(Failure(source.name, error))
            continue
        reached.append(source)
    return [*found, *collector.channels(reached)]
