"""A home's store of readings: what devices measured, from bundles that were checked, and proved again at any time.

`intake` takes what a verifier found to hold, `store` answers questions, `proof` makes the smallest bundle that proves a
reading, `drawing` and `svg` draw. Imports `database`, `verify` and `wire`; asks no device. Here is what questions take:
they start fast, and need no verifier.
"""

from .faults import ReadingsBusy, ReadingsDamaged, ReadingsError, ReadingsFull, ReadingsMissing, ReadingsReadOnly
from .rows import Row, Series, Sum
from .store import Question, ReadingStore

__all__ = [
    "Question",
    "ReadingStore",
    "ReadingsBusy",
    "ReadingsDamaged",
    "ReadingsError",
    "ReadingsFull",
    "ReadingsMissing",
    "ReadingsReadOnly",
    "Row",
    "Series",
    "Sum",
]
