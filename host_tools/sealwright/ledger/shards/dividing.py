"""Dividing a ledger into shards: in one transaction, and once.

Shard 0 goes on with the log that there is, with its channels and its devices' money. The others begin with what gives
authority, copied row by row as of its own time and judged anew. Then each log says, signed by the ledger, which shard
it is. Nothing that was noted or signed of the log before loses its worth: it stays the beginning of shard 0's.
"""

from contextlib import ExitStack
from typing import Final

from ...errors import Usage
from ...wire.cbor import encode
from ...wire.labels import VOUCHER
from ...wire.messages import Division, parse_message
from .. import book
from ..chain import Head, LogRow
from ..making import Parts
from ..posting import Posting, post
from ..recheck import Recheck, Unacceptable
from ..sharding import act_in_shards
from ..store.batched import BatchedTables
from ..store.database import Database
from ..store.tables import Tables
from .authority import AUTHORITY

MOST_SHARDS: Final = 64
_VOUCHER: Final = encode(VOUCHER)
_TYPE: Final = slice(17, 20)  # where a voucher has its type


def divide(parts: Parts, into: int) -> bool:
    """Divide a ledger, and say whether anything was done: not where it has as many shards already.

    Raises:
        Usage: it has another number of shards, or is in a file, which has one lock.
        LedgerError: nothing was done.
    """
    if not 2 <= into <= MOST_SHARDS:
        raise Usage(f"a ledger has 2 to {MOST_SHARDS} shards", remedy="Name such a number.")
    there = len(parts.database.shards)
    if there > 1:
        if there != into:
            remedy = "A ledger is divided once: its channels lie where their digests say. It goes on with those it has."
            raise Usage(f"the ledger has {there} shards already", remedy=remedy, code="already_divided")
        return False
    with parts.database.dividing():
        first = Tables(parts.database)
        parts.watch.look(not_before=first.last_time())
        parts.database.divide(into)
        logs = [_Begun(parts, shard, number, into) for number, shard in enumerate(parts.database.shards)]
        with ExitStack() as batches:
            for log in logs:
                batches.enter_context(log.tables.batch())
                log.head = log.tables.head()
            for row in first.log():
                if _gives_authority(row):
                    for log in logs[1:]:
                        log.copy(row)
            for log in logs:
                log.begin()
        for log in logs:
            log.database.begin_at(log.head.n)
    return True


def _gives_authority(row: LogRow) -> bool:
    return row.message[_TYPE] != _VOUCHER and isinstance(parse_message(row.message).body, AUTHORITY)


class _Begun:
    """The log of a shard that begins."""

    def __init__(self, parts: Parts, database: Database, number: int, of: int) -> None:
        self.database, self.tables, self.head = database, BatchedTables(database), Head(0, bytes(32))
        self._parts, self._number, self._of = parts, number, of
        self._recheck = Recheck(parts.roots, parts.policy, self.tables, parts.identity.id)

    def copy(self, row: LogRow) -> None:
        """Take a row as shard 0 did."""
        try:
            posting, change = self._recheck.posting(row)
        except Unacceptable as error:
            remedy = "Look at `sealwright ledger audit`. Was it settled with --allow-test? Then divide it so, too."
            raise Usage(f"row {row.n} of the log would not be accepted: {error}", remedy=remedy) from error
        entered = (self.tables, self.head, posting, change)
        self.head = post(*entered, at=row.at, raw=row.message, proof=row.proof)

    def begin(self) -> None:
        """Say which shard it is."""
        at = self._parts.watch.at
        body = Division(self._parts.identity.id, self._number, self._of, at)
        message = self._parts.identity.sign(body)
        posting = Posting(message.digest, message.type, act_in_shards(body))
        self.head = post(self.tables, self.head, posting, book.Change(), at=at, raw=message.raw, proof=b"")
