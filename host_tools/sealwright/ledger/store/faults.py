"""What can go wrong with the ledger's file, as typed errors with a remedy; sqlite3's own errors end here.

Limits: knows SQLite's result codes (https://www.sqlite.org/rescode.html); another database brings its own
map.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import SealwrightError


class LedgerError(SealwrightError):
    """The ledger cannot be used. The batch this came up in changed nothing."""

    exit_code = 4
    code = "ledger_error"
    remedy = "Run `sealwright ledger audit`; if it cannot, restore the file from a copy."


class LedgerMissing(LedgerError):
    """There is no ledger at this path, and reading does not make one."""

    exit_code = 2
    code = "ledger_missing"
    remedy = "Name the right file, or make one with `sealwright init`."


class NotALedger(LedgerError):
    """The path holds something else: a directory, another file, or a ledger of a newer version."""

    exit_code = 2
    code = "not_a_ledger"
    remedy = "Name the right file; nothing in this one was touched."


class LedgerDamaged(LedgerError):
    """SQLite finds the file's structure broken, or a value in it is of the wrong kind."""

    exit_code = 1
    code = "ledger_damaged"
    remedy = "Keep the file, restore a copy, and settle the bundles since then again: nothing is paid twice."


class LedgerBusy(LedgerError):
    """Another process holds the write lock for longer than we wait."""

    code = "ledger_busy"
    remedy = "Wait until the other settlement is done, then run this again."


class LedgerFull(LedgerError):
    """No room for the next row: the disk, a quota or the database's own limit is full."""

    code = "ledger_full"
    remedy = "Free space on its disk, then settle the same bundle again: nothing is paid twice."


class LedgerReadOnly(LedgerError):
    """The file, its folder or its file system may not be written."""

    code = "ledger_read_only"
    remedy = "Make the file and its folder writable for this user, or work on a copy."


class LedgerUnreachable(LedgerError):
    """The server that has the ledger does not answer, or does not let us in."""

    exit_code = 3
    code = "ledger_unreachable"
    remedy = "See that the server runs and that the ledger's URL is right."


class LedgerInterrupted(LedgerError):
    """A transaction ended for a reason that may be gone the next time: it was in another's way, or the server left."""

    exit_code = 3
    code = "ledger_interrupted"
    remedy = "Run it again once the server is well: nothing is paid twice."


_BY_CODE: dict[int, tuple[type[LedgerError], str]] = {
    sqlite3.SQLITE_NOTADB: (NotALedger, "is not a SQLite database"),
    sqlite3.SQLITE_CORRUPT: (LedgerDamaged, "is damaged"),
    sqlite3.SQLITE_MISMATCH: (LedgerDamaged, "holds a value of the wrong kind"),
    sqlite3.SQLITE_FORMAT: (LedgerDamaged, "is damaged"),
    sqlite3.SQLITE_BUSY: (LedgerBusy, "is locked by another process"),
    sqlite3.SQLITE_LOCKED: (LedgerBusy, "is locked by another user of this process"),
    sqlite3.SQLITE_PROTOCOL: (LedgerBusy, "is locked by another process"),
    sqlite3.SQLITE_FULL: (LedgerFull, "cannot grow"),
    sqlite3.SQLITE_READONLY: (LedgerReadOnly, "may not be written"),
    sqlite3.SQLITE_PERM: (LedgerReadOnly, "may not be opened"),
    sqlite3.SQLITE_AUTH: (LedgerReadOnly, "may not be opened"),
    sqlite3.SQLITE_CANTOPEN: (LedgerReadOnly, "or its companion files cannot be opened"),
    sqlite3.SQLITE_CONSTRAINT: (LedgerDamaged, "contradicts itself"),
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


def translate(error: sqlite3.Error | UnicodeDecodeError, path: str) -> LedgerError:
    """The typed error for what sqlite3 raised about the database at `path`.

    Raises `error` itself where it tells of a mistake in this program and not in the file.
    """
    if isinstance(error, sqlite3.ProgrammingError):
        raise error
    if isinstance(error, UnicodeDecodeError):
        return LedgerDamaged(f"{path} is damaged (its definitions are no text)")
    extended: int = getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR
    kind, what = _BY_CODE.get(extended & 0xFF, (LedgerDamaged, "cannot be used"))
    if extended in _NO_ROOM:
        kind, what = LedgerFull, "cannot be written further"
    elif extended & 0xFF == sqlite3.SQLITE_IOERR:
        kind, what = LedgerError, "cannot be read or written: its disk fails"
    return kind(f"{path} {what} ({error})")


@contextmanager
def typed(path: str) -> Iterator[None]:
    """Turn every sqlite3 error raised within into a LedgerError that names `path`."""
    try:
        yield
    except ERRORS as error:
        raise translate(error, path) from error
