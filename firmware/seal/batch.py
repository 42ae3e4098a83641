"""Samples that wait in RAM for the next signed reading.

A sample's age is counted by the board's ticks, not by its clock: a clock that is set meanwhile moves no sample against
the reading's own time. A reset loses what waits here; what is signed it does not.
"""

from .compat import const, ticks_diff, ticks_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from .ports import Quantity, Sample, Ticks

MOST = const(60)  # samples in a reading that an owner may ask for
# The records of a reading, in bytes: it fits a block of flash, and the frame of a bill
MAX_BYTES = const(3500)
_RECORD_BYTES = const(26)  # the largest record without its name and unit: keys, bases, time, value
_LEAST_BYTES = const(44)  # a record of 12 items counts as no less, for cbor.MAX_ITEMS


def size(quantities: "list[Quantity]") -> int:
    """The most bytes that these quantities are in a reading of several samples."""
    return sum(max(_LEAST_BYTES, _RECORD_BYTES + len(name) + len(unit)) for name, unit, _, _ in quantities)


class Batch:
    """The samples since the last signed reading. ticks: the board's millisecond counter."""

    def __init__(self, ticks: "Callable[[], Ticks]" = ticks_ms) -> None:
        self._ticks = ticks
        self._at = ticks()  # when the ages were right
        self._samples: "list[tuple[int, list[Quantity]]]" = []  # age in ms, what was measured; oldest first
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._samples)

    def has_room(self, quantities: "list[Quantity]") -> bool:
        """Whether these can wait, and others like them can still be signed together with all that waits."""
        return self._bytes + 2 * size(quantities) <= MAX_BYTES

    def add(self, quantities: "list[Quantity]") -> None:
        """Keep the quantities measured now; where there is no room, in place of the oldest."""
        self.grow_older()
        while self._samples and not self.has_room(quantities):
            self._bytes -= size(self._samples.pop(0)[1])
        self._samples.append((0, quantities))
        self._bytes += size(quantities)

    def grow_older(self) -> None:
        """Count the time since the last call. Call at least once a day: ticks wrap."""
        now = self._ticks()
        elapsed, self._at = ticks_diff(now, self._at), now
        self._samples = [(age + elapsed, quantities) for age, quantities in self._samples]

    def samples(self) -> "list[Sample]":
        """What waits, oldest first, each with its age now in seconds."""
        self.grow_older()
        return [((age + 500) // 1000, quantities) for age, quantities in self._samples]

    def clear(self) -> None:
        """Forget all of it: it is in a signed reading."""
        self._samples, self._bytes = [], 0
