"""Opening a database's file, or making it: a half-made, foreign or cut-off file is never taken for an empty one.

Limits: SQLite >= 3.37 (STRICT tables, RETURNING); a file system with hard links, to make a file on.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from ..files import sync_folder
from .faults import typed
from .kind import Kind

_MAGIC = b"SQLite format 3\0"


class Opened(NamedTuple):
    """A connection, and whether what it read until now is one state of the file."""

    connection: sqlite3.Connection
    undisturbed: Callable[[], bool] = lambda: True


def open_file(kind: Kind, path: Path, *, write: bool, patience: float) -> Opened:
    """A connection to the SQLite file at `path`; with `write` it is made if there is none.

    write: False opens it for reading only, which never waits for a writer. patience: seconds to wait for a lock.

    Raises the errors of the kind: missing, foreign, damaged, busy, read_only, full.
    """
    if sqlite3.sqlite_version_info < (3, 37):
        raise kind.faults.error(f"SQLite {sqlite3.sqlite_version} is too old: the {kind.noun} needs 3.37 or newer")
    _inspect(kind, path, write=write)
    if write and not path.exists():
        _make(kind, path)
    with typed(str(path), kind.faults):
        if _is_newer_than_its_log(path):
            _check_pair(kind, path, patience)
        return _connect(kind, path, write=write, patience=patience)


def _inspect(kind: Kind, path: Path, *, write: bool) -> None:
    """Refuse what must not be opened, or SQLite would make an empty database of it or fail without a reason."""
    try:
        if not path.exists():
            _inspect_missing(kind, path, write=write)
        elif path.is_dir():
            raise kind.faults.foreign(f"{path} is a directory")
        elif not path.is_file():
            raise kind.faults.foreign(f"{path} is not a regular file")
        elif path.stat().st_size == 0:
            raise kind.faults.foreign(f"{path} is empty, as no {kind.noun} is: restore it, or remove it to begin anew")
        else:
            with path.open("rb") as file:
                if file.read(len(_MAGIC)) != _MAGIC:
                    raise kind.faults.foreign(f"{path} is not a SQLite database")
    except OSError as error:
        raise kind.faults.read_only(f"{path} cannot be opened: {error.strerror}") from error


def _inspect_missing(kind: Kind, path: Path, *, write: bool) -> None:
    if Path(f"{path}-wal").exists():
        raise kind.faults.damaged(f"{path} is gone and {path.name}-wal holds its last changes: put the file back")
    if not write:
        raise kind.faults.missing(f"there is no {kind.noun} at {path}")
    if not path.parent.is_dir():
        raise kind.faults.missing(f"the folder {path.parent} does not exist")


def _is_newer_than_its_log(path: Path) -> bool:
    """Whether the file has changed since its write-ahead log did: at a checkpoint, or because somebody put it back."""
    try:
        log = Path(f"{path}-wal").stat()
    except FileNotFoundError:
        return False
    # not the log's ctime: SQLite sets the owner of a log that root opens, and a second look would find it newer
    return log.st_size > 0 and path.stat().st_ctime_ns >= log.st_mtime_ns


def _check_pair(kind: Kind, path: Path, patience: float) -> None:
    """SQLite applies a log to whatever file lies beside it, and writes the result over that file as it closes it: so
    look first, with a connection that cannot write. Raises `damaged` for a log of another file."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)) as connection:
        try:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            (whole,) = connection.execute(kind.whole).fetchone()
            lost = connection.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.OperationalError:  # no right to make the log's index: nobody writes either
            return
        except sqlite3.DatabaseError:
            found, whole, lost = "", 1, None
    if found != "ok" or not whole or lost:
        remedy = (
            f"Put both back as they were at one moment. To go on with this copy instead, move {path.name}-wal and "
            f"{path.name}-shm away and {kind.again}."
        )
        raise kind.faults.damaged(f"{path.name}-wal holds the last changes of another {path.name}", remedy=remedy)


def _connect(kind: Kind, path: Path, *, write: bool, patience: float) -> Opened:
    uri = path.absolute().as_uri()
    if write:
        connection = sqlite3.connect(f"{uri}?mode=rw", uri=True, timeout=patience, isolation_level=None)
        if not os.access(path, os.W_OK):
            connection.close()
            raise kind.faults.read_only(f"{path} may not be written")
        return Opened(connection)
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=patience, isolation_level=None)
    try:
        connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.OperationalError:
        # A reader of a write-ahead log keeps an index beside the file. Where it may not make one, and there is no
        # log, the file is read as it is; a writer who comes meanwhile is noticed by the file's time.
        connection.close()
        if os.access(path.parent, os.W_OK) or Path(f"{path}-wal").exists():
            raise
        stamp = _stamp(path)
        connection = sqlite3.connect(f"{uri}?mode=ro&immutable=1", uri=True, isolation_level=None)
        return Opened(connection, lambda: _stamp(path) == stamp)
    return Opened(connection)


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def _make(kind: Kind, path: Path) -> None:
    """Make the file under another name and link it into place: no half-made file is ever at `path`."""
    draft = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        _discard(draft)  # a killed process of the same number may have left one
        with typed(str(path), kind.faults), closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            page = f"PRAGMA page_size = {kind.page}"  # before there is anything in it
            for statement in (page, "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *kind.statements()):
                connection.execute(statement)
        with suppress(FileExistsError):  # another process was faster: its file is as good
            path.hardlink_to(draft)
        sync_folder(path.parent)
    except OSError as error:
        raise kind.faults.read_only(f"{path} cannot be made: {error.strerror}") from error
    finally:
        _discard(draft)


def _discard(draft: Path) -> None:
    for end in ("", "-wal", "-shm"):
        with suppress(OSError):
            Path(f"{draft}{end}").unlink(missing_ok=True)
