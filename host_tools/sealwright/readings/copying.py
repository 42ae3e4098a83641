"""A copy of a store's file while others write to it, by SQLite's own online backup."""

import sqlite3
from contextlib import closing
from pathlib import Path

from ..database.faults import typed
from .faults import FAMILY
from .file import ReadingsFile
from .store import PATIENCE


def copy_readings(source: Path, copy: Path) -> None:
    """Copy the store at `source`, as of one moment, into the file `copy`: an empty one, which nobody else uses. Raises
    a ReadingsError."""
    with (
        closing(ReadingsFile.open(source, write=False, patience=PATIENCE)) as database,
        typed(str(copy), FAMILY),
        closing(sqlite3.connect(copy, isolation_level=None)) as target,
    ):
        database.copy_to(target)
