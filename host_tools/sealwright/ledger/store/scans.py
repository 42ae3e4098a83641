"""The queries that read tables from one end to the other: for reports and for the audit, never for settling.

Limits: inside a transaction of the caller's; as slow as the ledger is long.
"""

from collections.abc import Iterator
from typing import Final

from .database import Database, Row, octets, text, whole
from .schema import VIEWS

_BALANCES: Final = "SELECT kind, name, asset, balance FROM accounts ORDER BY kind, asset, name"
_ACCOUNTS: Final = """SELECT asset, name, balance FROM accounts WHERE kind = ? AND (asset, name) > (?, ?)
    ORDER BY asset, name LIMIT ?"""
_ENTRIES: Final = """SELECT e.n, l.at, m.type, m.digest, a.kind, a.name, a.asset, e.amount
    FROM entries e
    JOIN accounts a ON a.id = e.account
    JOIN log l ON l.n = e.n
    JOIN messages m ON m.n = e.n
    ORDER BY e.n, e.account"""
# a row moves one asset: grouped by row alone, the entries are read in the order of their key, and nothing is sorted
_UNBALANCED: Final = """SELECT e.n, min(a.asset), sum(e.amount) FROM entries e JOIN accounts a ON a.id = e.account
    GROUP BY e.n HAVING sum(e.amount) <> 0 OR min(a.asset) <> max(a.asset)"""
_LEAKING: Final = """SELECT c.digest, c.capacity - c.paid - c.refunded - coalesce(a.balance, 0)
    FROM channels c LEFT JOIN accounts a ON a.kind = 'channel' AND a.name = c.digest AND a.asset = c.asset
    WHERE c.remaining <> coalesce(a.balance, 0) OR c.capacity - c.paid - c.refunded <> c.remaining"""
_UNPAID: Final = """SELECT digest, paid FROM channels WHERE paid > pays_up_to OR refunded > capacity - paid
    OR (length(worth) < 19 AND remaining > 0 AND paid < min(pays_up_to, CAST(worth AS INTEGER)))"""


def balances(database: Database) -> Iterator[tuple[str, bytes, str, int]]:
    """(kind, name, asset, balance) of every account, by kind, asset and name."""
    for kind, name, asset, balance in database.scan(_BALANCES):
        yield text(kind), octets(name), text(asset), whole(balance)


def accounts(database: Database, kind: str, after: tuple[str, bytes], most: int) -> Iterator[tuple[str, bytes, int]]:
    """(asset, name, balance) of the accounts of a kind that come after one: the first so many."""
    for asset, name, balance in database.rows(_ACCOUNTS, (kind, *after, most)):
        yield text(asset), octets(name), whole(balance)


def entries(database: Database) -> Iterator[tuple[int, int, str, bytes, str, bytes, str, int]]:
    """(row, time, type and digest of its message, kind, name and asset of the account, amount), in the log's order."""
    for n, at, kind, digest, account, name, asset, amount in database.scan(_ENTRIES):
        yield whole(n), whole(at), text(kind), octets(digest), text(account), octets(name), text(asset), whole(amount)


def count(database: Database, table: str) -> int:
    """How many rows a table of the schema has."""
    row = database.row(f"SELECT count(*) FROM {table}")
    return whole(row[0]) if row else 0


def view(database: Database, table: str) -> Iterator[tuple[Row, Row]]:
    """(key, rest) of each row of a view, by key."""
    key, rest = VIEWS[table]
    for row in database.scan(f"SELECT {', '.join(key + rest)} FROM {table} ORDER BY {', '.join(key)}"):
        yield row[: len(key)], row[len(key) :]


def digests_of(database: Database, kinds: tuple[str, ...]) -> Iterator[tuple[int, bytes]]:
    """(row, digest) of the messages of these types, in the log's order."""
    sql = f"SELECT n, digest FROM messages WHERE type IN ({', '.join('?' * len(kinds))}) ORDER BY n"
    for n, digest in database.scan(sql, kinds):
        yield whole(n), octets(digest)


def beyond(database: Database) -> dict[tuple[int, str], int]:
    """What a shard has in the others: by their number and the asset."""
    found = database.rows("SELECT name, asset, balance FROM accounts WHERE kind = 'shard'")
    return {(int.from_bytes(octets(name), "big"), text(asset)): whole(balance) for name, asset, balance in found}


def unbalanced(database: Database) -> Iterator[Row]:
    """(row, asset, sum) where the entries of one row do not sum to 0, or are of several assets."""
    return database.scan(_UNBALANCED)


def leaking(database: Database) -> Iterator[Row]:
    """(channel, amount) where paid, refunded and remaining are not together what was locked."""
    return database.scan(_LEAKING)


def wrongly_paid(database: Database) -> Iterator[Row]:
    """(channel, paid) where that is not what its lanes and its limit give."""
    return database.scan(_UNPAID)
