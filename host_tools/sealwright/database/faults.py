"""What can go wrong with a database's file, as typed errors of its kind; sqlite3's own errors end here.

Limits: knows SQLite's result codes (https://www.sqlite.org/rescode.html); another database brings its own
map.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..errors import SealwrightError


class Family(NamedTuple):
    """The errors of one kind of file. error: it cannot be used, and the parent of the others. missing: there is none.
    foreign: it is something else. damaged, busy (another process holds its lock), full (no room), read_only."""

    error: type[SealwrightError]
    missing: type[SealwrightError]
    foreign: type[SealwrightError]
    damaged: type[SealwrightError]
    busy: type[SealwrightError]
    full: type[SealwrightError]
    read_only: type[SealwrightError]


_BY_CODE: dict[int, tuple[str, str]] = {  # which error of a family, and what to say
    sqlite3.SQLITE_NOTADB: ("foreign", "is not a SQLite database"),
    sqlite3.SQLITE_CORRUPT: ("damaged", "is damaged"),
    sqlite3.SQLITE_MISMATCH: ("damaged", "holds a value of the wrong kind"),
    sqlite3.SQLITE_FORMAT: ("damaged", "is damaged"),
    sqlite3.SQLITE_BUSY: ("busy", "is locked by another process"),
    sqlite3.SQLITE_LOCKED: ("busy", "is locked by another user of this process"),
    sqlite3.SQLITE_PROTOCOL: ("busy", "is locked by another process"),
    sqlite3.SQLITE_FULL: ("full", "cannot grow"),
    sqlite3.SQLITE_READONLY: ("read_only", "may not be written"),
    sqlite3.SQLITE_PERM: ("read_only", "may not be opened"),
    sqlite3.SQLITE_AUTH: ("read_only", "may not be opened"),
    sqlite3.SQLITE_CANTOPEN: ("read_only", "or its companion files cannot be opened"),
    sqlite3.SQLITE_CONSTRAINT: ("damaged", "contradicts itself"),
}
# A write that fails for another reason than ENOSPC (a file-size limit, a quota on some file systems) is an
# I/O error to SQLite; to the user it is the same lack of room.
_NO_ROOM = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}


# All that sqlite3 raises for a bad file; a UnicodeDecodeError is what it fails with when it would quote a damaged
# definition in an error of its own.
ERRORS = (sqlite3.Error, UnicodeDecodeError)


def translate(error: sqlite3.Error | UnicodeDecodeError, path: str, family: Family) -> SealwrightError:
    """The error of this family for what sqlite3 raised about the database at `path`.

    Raises `error` itself where it tells of a mistake in this program and not in the file.
    """
    if isinstance(error, sqlite3.ProgrammingError):
        raise error
    if isinstance(error, UnicodeDecodeError):
        return family.damaged(f"{path} is damaged (its definitions are no text)")
    extended: int = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
    kind, what = _BY_CODE.get(extended & 0xFF, ("damaged", "cannot be used"))
    if extended in _NO_ROOM:
        kind, what = "full", "cannot be written further"
    elif extended & 0xFF == sqlite3.SQLITE_IOERR:
        kind, what = "error", "cannot be read or written: its disk fails"
    made: type[SealwrightError] = getattr(family, kind)
    return made(f"{path} {what} ({error})")


@contextmanager
def typed(path: str, family: Family) -> Iterator[None]:
    """Turn every sqlite3 error raised within into one of this family that names `path`."""
    try:
        yield
    except ERRORS as error:
        raise translate(error, path, family) from error
