"""What can go wrong with the store of readings, as typed errors with a remedy.

Nothing in the store is its only copy as long as the bundles are kept: the remedy is often to import them again.
"""

from ..database import faults
from ..errors import SealwrightError

_AGAIN = "Move the file away and import the bundles again: nothing is taken twice."


class ReadingsError(SealwrightError):
    """The store cannot be used. The batch this came up in changed nothing."""

    exit_code = 4
    code = "readings_error"
    remedy = _AGAIN


class ReadingsMissing(ReadingsError):
    """There is no store here, and reading does not make one."""

    exit_code = 2
    code = "no_readings"
    remedy = "`sealwright readings import BUNDLE` makes it."


class NotAStore(ReadingsError):
    """The path holds something else: a directory, another file, or a store of a newer version."""

    exit_code = 2
    code = "not_readings"
    remedy = "Put the right file in its place; nothing in this one was touched."


class ReadingsDamaged(ReadingsError):
    """SQLite finds the file's structure broken, or a value in it is of the wrong kind."""

    exit_code = 1
    code = "readings_damaged"
    remedy = _AGAIN


class ReadingsBusy(ReadingsError):
    """Another process holds the write lock for longer than we wait."""

    code = "readings_busy"
    remedy = "Wait until the other import is done, then run this again."


class ReadingsFull(ReadingsError):
    """No room for the next row."""

    code = "readings_full"
    remedy = "Free space on its disk, then import the same bundle again: nothing is taken twice."


class ReadingsReadOnly(ReadingsError):
    """The file, its folder or its file system may not be written."""

    code = "readings_read_only"
    remedy = "Make the file and its folder writable for this user, or work on a copy of the home."


FAMILY = faults.Family(
    ReadingsError, ReadingsMissing, NotAStore, ReadingsDamaged, ReadingsBusy, ReadingsFull, ReadingsReadOnly
)
