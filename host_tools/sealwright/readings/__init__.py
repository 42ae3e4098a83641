"""A home's store of readings: what devices measured, from bundles that were checked, and proved again at any time.

`intake` takes what a verifier found to hold, `store` answers questions, `proof` makes the smallest bundle that proves a
reading. Imports `database`, `verify` and `wire`; asks no device.
"""

from .faults import ReadingsBusy, ReadingsDamaged, ReadingsError, ReadingsFull, ReadingsMissing, ReadingsReadOnly
from .intake import Contradiction, Intake
from .proof import Proof
from .rows import Row, Series, Sum
from .store import Question, ReadingStore

__all__ = [
    "Contradiction",
    "Intake",
    "Proof",
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
