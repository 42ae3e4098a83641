"""A settlement of a ledger, in one log or in shards, put together from its parts."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..errors import Usage
from ..verify import Judge, Policy
from ..wire.messages import Certificate, Message
from .ahead import Ahead
from .attempts import Log, again
from .identity import LedgerIdentity
from .memory import LedgerMemory
from .moved import Moved
from .ours import check_ours
from .running import Run
from .settling import Settlement
from .shards.covering import Beside, Table
from .shards.dealing import Dealer
from .shards.settling import ShardedSettlement
from .store.batched import BatchedTables
from .store.database import Database
from .store.tables import Tables
from .watch import Watch, WatchedPolicy


class Parts(NamedTuple):
    """What settlements are made of."""

    database: Database
    roots: Sequence[Message[Certificate]]
    policy: Policy
    identity: LedgerIdentity
    watch: Watch
    moved: Moved


def make_settlement(parts: Parts, helpers: int, shards: Iterable[int] | None) -> Run:
    """A settlement. helpers: processes that check signatures ahead. shards: those that it takes, None for all.

    Raises Usage for a shard that there is not, and LedgerError.
    """
    database = parts.database
    owned = _owned(database, shards)
    again(lambda: _check(parts))
    said, moved = (parts.identity, parts.watch), parts.moved
    if database.shard is None and len(database.shards) == 1:
        log = _log(parts, database)
        return Settlement(log, *said, ahead=Ahead(log, helpers), moved=moved)
    logs = [_log(parts, shard) for shard in database.shards]
    table, ahead = Table(parts.identity.id, parts.watch), Ahead(logs[owned[0]], helpers)
    table.members = [
        Settlement(log, *said, ahead=ahead, moved=moved, others=Beside(table, number))
        for number, log in enumerate(logs)
    ]
    parts.watch.since = again(lambda: _last_time(database))
    dealer = Dealer(database, owned, ahead.judge)
    table.past = logs[0].tables if dealer.has_past else None
    return ShardedSettlement(database, table, owned, dealer=dealer, ahead=ahead, moved=moved)


def _log(parts: Parts, database: Database) -> Log:
    tables = BatchedTables(database)
    tables.name = database.name
    tables.here = None if database.shard is None else database.shard.number
    memory = LedgerMemory(tables, parts.identity.id, parts.watch)
    return Log(tables, Judge(parts.roots, WatchedPolicy.of(parts.policy, parts.watch), memory), memory)


def _owned(database: Database, shards: Iterable[int] | None) -> list[int]:
    count = len(database.shards)
    owned = sorted(set(range(count) if shards is None else shards))
    if not owned or owned[0] < 0 or owned[-1] >= count:
        has = f"{count} shards, 0 to {count - 1}" if count > 1 else "no shards"
        raise Usage(f"the ledger has {has}", remedy="Name some of those, or leave out --shards.", code="bad_shards")
    return owned


def _check(parts: Parts) -> None:
    tables = Tables(parts.database)
    tables.name = parts.database.name
    with parts.database.reading():
        check_ours(tables, parts.identity.id)


def _last_time(database: Database) -> int:
    with database.reading():
        return max(Tables(shard).last_time() for shard in database.shards)
