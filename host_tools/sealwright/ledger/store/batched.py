"""The tables while messages are taken: what each message writes waits in memory, and is written many at a time.

Purpose: one read of each row and one statement for each kind of row, whatever the number of messages in a batch.
Limits: within `batch`, inside a transaction of its caller's, with no other writer. A question that is not answered from
memory here has everything written first, so none can miss what waits.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from ...verify.channels import MAX_LANES
from ...verify.memory import Lane
from .. import book
from ..chain import Head, LogRow
from . import bulk
from .database import Database, Row, whole
from .read import Place, Read
from .tables import Tables
from .written_first import WrittenFirst

_MOST: Final = 4096  # messages that wait
_MOST_KEPT: Final = 32768  # rows that are kept in memory, as long as no other process writes


class BatchedTables(Tables):
    """The tables of one database. log: the database with the log, where an audit rebuilds the views in another."""

    def __init__(self, database: Database, log: Database | None = None) -> None:
        super().__init__(WrittenFirst(database, self.flush), log)
        self.database, self._stored = database, Tables(database, log)
        self._is_batch = False
        self._known: Head | None = None  # the log's last row, as of which what was read holds
        self._last: Head | None = None  # that was appended
        self._log_rows: list[LogRow] = []
        self._messages: list[Row] = []
        self._entries: list[Row] = []
        self._vouchers: list[Row] = []
        self._new_accounts: dict[int, book.Account] = {}
        self._new_channels: dict[bytes, int] = {}
        self._changed_accounts: dict[int, int] = {}
        self._changed_channels: dict[bytes, book.Channel] = {}
        self._changed_lanes: dict[tuple[bytes, int], Lane] = {}
        self._forget()

    def of_ledger(self, ledger: bytes) -> None:
        """Have channels say that the ledger with this id funded them."""
        self.ledger = self._stored.ledger = ledger

    def _forget(self) -> None:
        """Drop what was read; every row is read anew."""
        self._read = Read()
        self._last_account: int | None = None

    def _drop(self) -> None:
        for waiting in (self._log_rows, self._messages, self._entries, self._vouchers):
            waiting.clear()
        for changed in (self._new_accounts, self._new_channels, self._changed_accounts, self._changed_channels):
            changed.clear()
        self._changed_lanes.clear()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A write transaction that is one batch."""
        with self.database.writing(), self.batch():
            yield

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All that is written within is written at the end of it, or not at all where an error comes first."""
        head = self._stored.head()
        if head != self._known:  # another process wrote, or the last transaction failed
            self._forget()
        self._known = None
        self._is_batch = True
        try:
            yield
            self.flush()
            self._known = self._last or head
        finally:
            self._is_batch = False
            self._read.settled.clear()
            self._drop()
            self._last = None

    def flush(self) -> None:
        """Write what waits: first what other rows point to."""
        if not (self._messages or self._log_rows):
            return
        many = self.database.run_many
        many(bulk.APPEND, self._log_rows)
        many(bulk.REMEMBER, self._messages)
        balances = self._changed_accounts
        many(bulk.ACCOUNT, [(balances.pop(n), n, *bulk.place(one)) for n, one in self._new_accounts.items()])
        many(bulk.BALANCE, [(balance, n) for n, balance in balances.items()])
        many(bulk.ENTER, self._entries)
        opened, changed = self._new_channels, self._changed_channels
        many(
            bulk.OPEN,
            [(*bulk.state(changed.pop(one)), n, *bulk.terms_of(self._read.channels[one])) for one, n in opened.items()],
        )
        # in the order of their keys: neighbours are on one page, which is read and written once
        many(bulk.CHANNEL, [bulk.state(changed[one]) for one in sorted(changed)])
        lanes = sorted(self._changed_lanes.items())
        many(bulk.LANE, [(*key, str(lane.seq), str(lane.worth), lane.voucher) for key, lane in lanes])
        many(bulk.NUMBER, sorted(self._vouchers))
        self._drop()

    # what the rules ask for every message

    def row_of(self, digest: bytes) -> int | None:
        """The row the message with this digest was first taken in, or None."""
        if not self._is_batch:
            return self._stored.row_of(digest)
        if digest not in self._read.rows:
            self._read.rows[digest] = self._stored.row_of(digest)
        return self._read.rows[digest]

    def may_have(self, digest: bytes, channel: bytes, lane: int, seq: int) -> bool:
        """Whether the log may have this voucher: not where it has none with this number, which spares a look."""
        if lane < MAX_LANES and self.numbered(channel, lane, seq) is None:
            if self._is_batch:
                self._read.rows.setdefault(digest, None)
            return False
        return True

    def settled(self, digest: bytes) -> bytes | None:
        """The message with this digest as it was first taken, or None."""
        if digest in self._read.settled:
            return self._read.settled[digest]
        n = self.row_of(digest)
        return None if n is None else self._raw((n,))

    def channel(self, digest: bytes) -> book.Channel | None:
        """A channel as it is now."""
        held = self._read.channels.get(digest)
        if held is None:
            held = self._stored.channel(digest)
            if held is not None and self._is_batch:
                self._read.channels[digest] = held
        return held

    def lane(self, channel: bytes, number: int) -> Lane | None:
        """The best voucher of a lane, 0 to 63."""
        if not self._is_batch:
            return self._stored.lane(channel, number)
        key = channel, number
        if key not in self._read.lanes:
            self._read.lanes[key] = self._stored.lane(channel, number)
        return self._read.lanes[key]

    def numbered(self, channel: bytes, lane: int, seq: int) -> bytes | None:
        """The digest of the first voucher with this number."""
        if not self._is_batch:
            return self._stored.numbered(channel, lane, seq)
        key = channel, lane, seq
        if key not in self._read.numbers:
            # a voucher that is kept has raised its lane, so a lane that is not there has none
            empty = self.lane(channel, lane) is None
            self._read.numbers[key] = None if empty else self._stored.numbered(channel, lane, seq)
        return self._read.numbers[key]

    def revoked_from(self, device: bytes) -> int | None:
        """The earliest time from which a revocation of the device counts. No revocation waits."""
        return self._stored.revoked_from(device)

    def balance(self, account: book.Account) -> int:
        """What an account holds; 0 for one that never had anything."""
        return self._account(account)[1]

    def _account(self, account: book.Account) -> tuple[int | None, int]:
        """Its number, None for one that never had anything, and what it holds."""
        held = self._read.accounts.get(account)
        if held is None:
            sql = "SELECT id, balance FROM accounts WHERE kind = ? AND asset = ? AND name = ?"
            row = self.database.row(sql, bulk.place(account))
            held = (whole(row[0]), whole(row[1])) if row else (None, 0)
            if self._is_batch:
                self._read.accounts[account] = held
        return held

    def foresee(self, messages: Sequence[tuple[bytes, Place | None]]) -> None:
        """Read at once what will be asked for these messages, where the database is far. Of each its digest, and of a
        voucher channel, lane and seq."""
        if self._is_batch and self.database.far:
            self._read.ahead(self._stored, messages)

    def append(self, row: LogRow) -> None:
        """Add a row to the log."""
        self._log_rows.append(row)
        self._last = Head(row.n, row.hash)

    def remember(self, n: int, digest: bytes, kind: str) -> None:
        """Note that row `n` holds the message `digest`, of type `kind`."""
        if len(self._messages) >= _MOST:
            self.flush()
        if len(self._read.rows) + len(self._read.channels) + len(self._read.accounts) >= _MOST_KEPT:
            self.flush()
            self._forget()
        if self.row_of(digest) is None:
            self._read.rows[digest] = n
        self._messages.append((n, digest, kind))

    def number(self, n: int, channel: bytes, lane: int, seq: int, digest: bytes) -> None:
        """Note the first voucher with a number: row `n`, whose digest this is."""
        if self.numbered(channel, lane, seq) is None:
            self._read.numbers[channel, lane, seq] = digest
        self._vouchers.append((channel, lane, str(seq), n))

    def apply(self, n: int, change: book.Change) -> None:
        """Bring the views up to date with what row `n` does."""
        for entry in change.entries:
            self._enter(n, entry)
        for channel in change.channels:
            if self.channel(channel.digest) is None:
                self._new_channels[channel.digest] = n
            self._read.channels[channel.digest] = self._changed_channels[channel.digest] = channel
        for number, lane in change.lanes.items():
            key = change.channels[0].digest, number
            self._read.lanes[key] = self._changed_lanes[key] = lane

    def _enter(self, n: int, entry: book.Entry) -> None:
        number, balance = self._account(entry.account)
        if number is None:
            number = self._next_account()
            self._new_accounts[number] = entry.account
        balance += entry.amount
        self._read.accounts[entry.account] = number, balance
        self._changed_accounts[number] = balance
        self._entries.append((n, number, entry.amount))

    def _next_account(self) -> int:
        # numbered here and not by the database, so that a rebuilt view has the same numbers
        if self._last_account is None:
            row = self.database.row("SELECT coalesce(max(id), 0) FROM accounts")
            self._last_account = max(whole(row[0]) if row else 0, *self._new_accounts, 0)
        self._last_account += 1
        return self._last_account
