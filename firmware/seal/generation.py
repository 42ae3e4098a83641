"""The journal's generation, on boards whose chip has a counter that only rises: an old copy of the flash is noticed.

The record `generation` has the counter's value; it is on flash before the counter is raised. At a start they are equal,
or one apart: power failed between the two, or the chip skipped a number as it failed. A counter that is further on
than the record has seen promises that this flash knows nothing of: the device is locked as in `rollback`, until its
owner unlocks it. A counter that is further back belongs to another chip, and locks it too.

The counter is raised at each start, before the first promise after it, and then before the first of each minute. Its
2,097,151 steps last four years of a payment each minute. A step takes 25 ms.

Limits: what went back by one step is not noticed, as a skipped number looks the same: at most what was promised within
a minute. The step after shows it.
"""

from . import rollback
from .compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from .journal import Journal
    from .ports import Ticks

    class Counting(Protocol):
        """A keystore with a counter."""

        def generation(self, is_raised: bool = False) -> int: ...


GENERATION_RECORD = const("generation")
STEP_MS = const(60_000)


class Generation:
    """The counter of `keystore`, and its record in `journal`. Every method raises as the keystore does."""

    def __init__(self, journal: "Journal", keystore: "Counting") -> None:
        self._journal = journal
        self._keystore = keystore
        self._raised: "Ticks | None" = None

    def start(self) -> None:
        """Compare, and lock the device unless the flash is the last one; then begin a new generation."""
        count = self._keystore.generation()
        record = self._journal.get(GENERATION_RECORD)
        if record is not None and not record - 1 <= count <= record + 1:
            rollback.lock_generation(self._journal)
        self._raise(count)
        self._raised = None  # what is promised now is behind the next step

    def promise(self) -> None:
        """Call before a promise is on flash: begins a new generation, unless an earlier promise did within a minute."""
        if self._raised is None or not 0 <= ticks_diff(ticks_ms(), self._raised) < STEP_MS:
            self._raise(self._keystore.generation())

    def _raise(self, count: int) -> None:
        self._journal.put(GENERATION_RECORD, count + 1)
        self._keystore.generation(is_raised=True)
        self._raised = ticks_ms()
