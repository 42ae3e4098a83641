"""A ledger, opened when first used, and the questions that anybody may ask of it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO, TypeVar

from . import reports, statement
from .attempts import again
from .book import Channel
from .chain import Head
from .reports import Balance, EntryLine
from .statement import Statement
from .store import scans
from .store.database import Database
from .store.faults import LedgerMissing
from .store.places import name_of, open_database, place_of
from .store.tables import Tables

T = TypeVar("T")


class LedgerFile:
    """A ledger, only read here. path: its file, or `postgresql://...`. patience: seconds to wait while another process
    writes. clock: gives the time in unix seconds. hurried: a server that is away is not waited for. Every method may
    raise a `LedgerError`."""

    def __init__(
        self,
        path: str | Path,
        patience: float = 5.0,
        clock: Callable[[], float] = time.time,
        *,
        hurried: bool = False,
    ) -> None:
        self.place, self._hurried = place_of(path), hurried
        self._patience, self._clock = patience, clock
        self._open: tuple[bool, Database] | None = None

    @property
    def name(self) -> str:
        """What people call it: the file's path, or the URL without a password."""
        return name_of(self.place)

    def exists(self) -> bool:
        """Whether there is something in its place."""
        if isinstance(self.place, Path):
            return self.place.exists()
        try:
            return self.head().n >= 0
        except LedgerMissing:
            return False

    def balances(self) -> list[Balance]:
        """What every account holds, in the asset's smallest unit; devices, channels, and the world's debt."""
        return self._read(lambda database: list(reports.balances(database)))

    def statements(self, device: bytes, start: int, end: int) -> list[Statement]:
        """What a device (id) had and moved from unix time `start` up to `end`: one for each asset, by name."""
        return self._read(lambda database: list(statement.statements(database, device, start, end)))

    def channels(self) -> list[Channel]:
        """Every channel and where its deposit is, in the order they were opened."""
        return self._read(lambda database: list(reports.channels(database)))

    def channels_after(self, opened: int, most: int) -> list[tuple[int, Channel]]:
        """Channels that were opened after a row of the log: the first so many, each with the row that opened it."""
        return self._read(lambda database: Tables(database).channels_after(opened, most))

    def accounts(self, kind: str, after: tuple[str, bytes], most: int) -> list[Balance]:
        """The accounts of a kind, by asset and name, that come after one: the first so many. See `Balance`."""

        def read(database: Database) -> list[Balance]:
            found = scans.accounts(database, kind, after, most)
            return [Balance(kind, name, asset, amount) for asset, name, amount in found]

        return self._read(read)

    def channel(self, digest: bytes) -> Channel | None:
        """One channel by its digest, or None."""
        return self._first(lambda tables: tables.channel(digest))

    def funding(self, channel: bytes) -> bytes | None:
        """The ledger's signed word that it locked this channel's capacity, or None where it did not."""
        return self._first(lambda tables: tables.funding(channel))

    def certificates(self, kid: bytes) -> list[bytes]:
        """The accepted certificates for this key hint, and rotations from and to it, oldest first."""
        return self._read(lambda database: [raw for _, raw in Tables(database).certificates(kid)])

    def ending(self, within: int) -> list[Channel]:
        """Channels that hold money and whose claim ends within so many seconds: the first 1,000, earliest first."""
        at = int(self._clock()) + within
        found = self._read(lambda database: [one for tables in _tables(database) for one in tables.ended(at, 1000)])
        return sorted(found, key=lambda one: (one.terms.claim_end, one.digest))[:1000]

    def entries(self) -> Iterator[EntryLine]:
        """Every entry with the message that caused it, in order: one state of the ledger, read as you go."""
        return self._stream(reports.entries)

    def each_channel(self) -> Iterator[Channel]:
        """What `channels` has, read as you go."""
        return self._stream(reports.channels)

    def each_channel_in_shards(self) -> Iterator[tuple[int | None, Channel]]:
        """The same with the shard that each is in, None where the ledger has none."""
        return self._stream(reports.channels_in_shards)

    def each_balance(self) -> Iterator[Balance]:
        """What `balances` has, read as you go."""
        return self._stream(reports.balances)

    def _stream(self, ask: Callable[[Database], Iterator[T]]) -> Iterator[T]:
        # a connection of its own: other calls may come before the last row is read
        database = open_database(self.place, write=False, patience=self._patience)
        try:
            with database.reading():
                yield from ask(database)
        finally:
            database.close()

    def export(self, out: TextIO, form: str = "json") -> int:
        """Write every entry to a text file, as "json" lines or "csv", and return how many. Raises Usage."""
        return self._read(lambda database: reports.export(database, out, form))

    def head(self) -> Head:
        """The log's last row, of a ledger in shards of each. Noted elsewhere, it is the anchor of a later audit."""
        return self._read(lambda database: Head.of([tables.head() for tables in _tables(database)]))

    def row_hash(self, n: int, shard: int = 0) -> bytes | None:
        """The hash of row `n` of the log, or of a shard's, or None where there is no such row."""
        return self._read(lambda database: next((t.hash_of(n) for t in _tables(database)[shard : shard + 1]), None))

    def equivocations(self) -> list[tuple[bytes, bytes]]:
        """Pairs of messages of one signer that cannot both be true, as received: each pair is a proof."""
        return self._read(lambda database: list(reports.equivocations(database)))

    def each_equivocation(self) -> Iterator[tuple[bytes, bytes]]:
        """What `equivocations` has, read as you go."""
        return self._stream(reports.equivocations)

    def close(self) -> None:
        """Close the file. Idempotent; the ledger opens again when used."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _database(self, *, write: bool = False) -> Database:
        if self._open is not None and write and not self._open[0]:
            self.close()
        if self._open is None:
            self._open = (write, open_database(self.place, write=write, patience=self._patience, hurried=self._hurried))
        return self._open[1]

    def _first(self, ask: Callable[[Tables], T | None]) -> T | None:
        """The answer of the first shard that has one."""

        def read(database: Database) -> T | None:
            answers = (ask(tables) for tables in _tables(database))
            return next((one for one in answers if one is not None), None)

        return self._read(read)

    def _read(self, ask: Callable[[Database], T]) -> T:
        def read() -> T:
            database = self._database()
            with database.reading():
                return ask(database)

        return again(read)


def _tables(database: Database) -> list[Tables]:
    return [Tables(shard) for shard in database.shards]
