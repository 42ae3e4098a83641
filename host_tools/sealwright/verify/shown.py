"""What a bundle has shown: its vouchers by channel, lane and number, and other messages by their digests.

Purpose: a contradiction, a copy and what a receipt acknowledges are found however long ago they came, and memory does
not grow with them. A lane's vouchers are a log (`entries`); the few of which more is to be said, and digests, are in a
scratch database once there are thousands.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from ..wire.messages import Message, Voucher, parse_as
from .entries import Entries, Shelf

_IN_MEMORY: Final = 1 << 20  # bytes of vouchers of which more is to be said
_ROW: Final = 300  # bytes of memory for one of those, beside its message
_DIGESTS: Final = 1 << 16  # in memory
_DIGEST, _AMOUNT = 32, 8  # bytes, in a record
_IN_TABLE, _COMPLETE = b"\0", b"\1"  # the last byte of a record: whether more is in the table
_SCHEMA: Final = """
PRAGMA journal_mode = MEMORY;
PRAGMA synchronous = OFF;
CREATE TABLE vouchers (place BLOB, digest BLOB, taken INTEGER, raw BLOB, PRIMARY KEY (place, digest)) WITHOUT ROWID;
CREATE TABLE digests (digest BLOB PRIMARY KEY) WITHOUT ROWID;
"""
# one that was not taken may be shown again and then be taken; all else of it is the same
_PUT: Final = """INSERT INTO vouchers VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET taken = max(taken, excluded.taken)"""


class Place(NamedTuple):
    """Where a voucher stands."""

    channel: bytes
    lane: int
    seq: int

    def key(self) -> bytes:
        """The same, 48 bytes."""
        return self.channel + self.lane.to_bytes(8, "big") + self.seq.to_bytes(8, "big")


class Shown(NamedTuple):
    """What is kept of a voucher. taken: it holds."""

    taken: bool
    body: Voucher


class Scratch:
    """A database in a file without a name, which is gone with its last reference. Made when it is first used."""

    def __init__(self) -> None:
        self._made: Any = None

    def write(self, statement: str, rows: list[Any]) -> None:
        """Run a statement for each of many rows, all in one transaction. Raises OSError."""
        with _as_of_system():
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                connection.executemany(statement, rows)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def one(self, query: str, *given: object) -> Any:
        """The first row of a query, or None. Raises OSError."""
        with _as_of_system():
            return self._connection().execute(query, given).fetchone()

    def _connection(self) -> Any:
        if self._made is None:
            import sqlite3  # most bundles fit in memory and never need it

            made = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            made.executescript(_SCHEMA)
            self._made = made
        return self._made


@contextmanager
def _as_of_system() -> Iterator[None]:
    """Raise what SQLite says of the disk as the OSError that it is."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        # a limit of a file's size, or a quota, is a write that failed
        is_full = getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
        why = f"the folder for temporary files (TMPDIR): {error}"
        raise OSError(errno.ENOSPC if is_full else errno.EIO, why) from error


class Digests:
    """A set of digests."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._newest: set[bytes] = set()
        self._has_older = False

    def __contains__(self, digest: object) -> bool:
        """Raises OSError."""
        if digest in self._newest:
            return True
        return self._has_older and self._scratch.one("SELECT 1 FROM digests WHERE digest = ?", digest) is not None

    def add(self, digest: bytes) -> None:
        """Keep a digest. Raises OSError."""
        self._newest.add(digest)
        if len(self._newest) >= _DIGESTS:
            self._scratch.write("INSERT OR IGNORE INTO digests VALUES (?)", [(one,) for one in sorted(self._newest)])
            self._newest, self._has_older = set(), True


class Vouchers:
    """The payers' vouchers of a bundle. Their methods raise OSError where the disk does not take what they keep.

    Of most a record in their lane's log is all: digest, amount, and `_COMPLETE`. Those that contradict an earlier one,
    have ticks, were not taken at first, or name a lane that no channel has are whole in a table.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch, self._shelf = scratch, Shelf(_DIGEST + _AMOUNT + 1)
        self._newest: dict[tuple[bytes, bytes], tuple[bool, bytes]] = {}
        self._size = 0  # bytes of those
        self._has_older = False

    def lane(self) -> Entries:
        """For a lane that had none so far."""
        return Entries(self._shelf)

    def put(self, lane: Entries, seq: int, digest: bytes, amount: int) -> None:
        """Keep a voucher that was taken, has no ticks, and is the first with its number in its lane."""
        lane.add(seq, digest + amount.to_bytes(_AMOUNT, "big") + _COMPLETE)

    def put_whole(self, lane: Entries | None, message: Message[Voucher], *, taken: bool) -> None:
        """Keep any voucher; one that is kept already is taken where either is. lane: None where no channel has it."""
        body, raw = message.body, message.raw
        key = (Place(body.channel, body.lane, body.seq).key(), message.digest)
        if lane is not None:
            lane.add(body.seq, message.digest + body.amount.to_bytes(_AMOUNT, "big") + _IN_TABLE)
        before = self._newest.get(key)
        self._newest[key] = (taken or (before is not None and before[0]), raw)
        self._size += len(raw) + _ROW
        if self._size >= _IN_MEMORY:
            self._scratch.write(_PUT, [(*key, *row) for key, row in sorted(self._newest.items())])
            self._newest, self._size, self._has_older = {}, 0, True

    def first(self, lane: Entries, seq: int) -> bytes | None:
        """The digest of the voucher that came first with this number."""
        record = lane.get(seq)
        return None if record is None else record[:_DIGEST]

    def find(self, lane: Entries | None, place: Place, digest: bytes) -> Shown | None:
        """The voucher with this digest in this place."""
        record = None if lane is None else lane.get(place.seq)
        if record is not None and record[:_DIGEST] == digest and record.endswith(_COMPLETE):
            return Shown(True, Voucher(*place, int.from_bytes(record[_DIGEST:-1], "big")))
        key = (place.key(), digest)
        found = self._newest.get(key)
        if self._has_older and (found is None or not found[0]):
            query = "SELECT taken, raw FROM vouchers WHERE place = ? AND digest = ?"
            found = self._scratch.one(query, *key) or found
        return None if found is None else Shown(bool(found[0]), parse_as(bytes(found[1]), Voucher).body)
