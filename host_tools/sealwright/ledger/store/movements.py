"""The queries of one device's money over time: what it had before a row of the log, and what moved since.

Limits: inside a transaction of the caller's. As slow as the device's own history is long, and its channels are many;
not as the ledger is.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from .database import Database, octets, text, whole

_ASSETS: Final = "SELECT DISTINCT asset FROM accounts WHERE kind = 'world' ORDER BY asset"
_ACCOUNT: Final = "SELECT id, balance FROM accounts WHERE kind = 'device' AND asset = ? AND name = ?"
_BEFORE: Final = "SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM entries WHERE account = ? AND n < ?"
_LOCKED: Final = "SELECT CAST(coalesce(sum(remaining), 0) AS BIGINT) FROM channels WHERE payer = ? AND asset = ?"
_CHANNELS: Final = """channels c JOIN accounts a ON a.kind = 'channel' AND a.asset = c.asset AND a.name = c.digest
    JOIN entries e ON e.account = a.id"""
_LOCKED_BEFORE: Final = f"""SELECT CAST(coalesce(sum(e.amount), 0) AS BIGINT) FROM {_CHANNELS}
    WHERE c.payer = ? AND c.asset = ? AND e.n < ?"""
# a row moves one amount from one account to another
_OTHER: Final = "JOIN entries o ON o.n = e.n AND o.account <> e.account JOIN accounts b ON b.id = o.account"
_MOVED: Final = f"""SELECT l.at, e.amount, b.kind, b.name, c.payer, c.payee FROM entries e {_OTHER}
    JOIN log l ON l.n = e.n LEFT JOIN channels c ON b.kind = 'channel' AND c.digest = b.name
    WHERE e.account = ? AND e.n >= ? AND e.n < ? ORDER BY e.n"""
_PAID: Final = f"""SELECT l.at, e.amount, c.payee FROM {_CHANNELS} {_OTHER} JOIN log l ON l.n = e.n
    WHERE c.payer = ? AND c.asset = ? AND e.n >= ? AND e.n < ? AND b.kind = 'device' AND b.name <> c.payer"""
_TIME: Final = "SELECT at FROM log WHERE n = ?"


class Moved(NamedTuple):
    """`amount` came to an account at unix time `at`, negative where it went; kind, name: of the account on the other
    side. payer, payee: of the channel, where that is one."""

    at: int
    amount: int
    kind: str
    name: bytes
    payer: bytes | None
    payee: bytes | None


def assets(database: Database) -> list[str]:
    """Every asset that was ever deposited."""
    return [text(row[0]) for row in database.rows(_ASSETS)]


def account(database: Database, device: bytes, asset: str) -> tuple[int, int] | None:
    """The number of a device's account, and what it holds; None where it never had anything."""
    row = database.row(_ACCOUNT, (asset, device))
    return None if row is None else (whole(row[0]), whole(row[1]))


def row_at(database: Database, at: int, rows: int) -> int:
    """The first of the log's `rows` rows with this time or a later one; rows + 1 where there is none."""
    low, high = 1, rows + 1
    while low < high:  # times never fall
        middle = (low + high) // 2
        found = database.row(_TIME, (middle,))
        if found is not None and whole(found[0]) < at:
            low = middle + 1
        else:
            high = middle
    return low


def before(database: Database, account: int, n: int) -> int:
    """What an account held before row `n` of the log."""
    return _sum(database, _BEFORE, account, n)


def locked_before(database: Database, device: bytes, asset: str, n: int) -> int:
    """What the channels that a device pays in held before row `n`."""
    return _sum(database, _LOCKED_BEFORE, device, asset, n)


def locked(database: Database, device: bytes, asset: str) -> int:
    """What they hold now, by themselves."""
    return _sum(database, _LOCKED, device, asset)


def moved(database: Database, account: int, start: int, end: int) -> Iterator[Moved]:
    """What came to an account and went in the rows from `start` up to `end`, in their order."""
    for at, amount, kind, name, payer, payee in database.scan(_MOVED, (account, start, end)):
        parties = (None, None) if payer is None else (octets(payer), octets(payee))
        yield Moved(whole(at), whole(amount), text(kind), octets(name), *parties)


def paid(database: Database, device: bytes, asset: str, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """(time, amount, payee) of what a device's channels paid in the rows from `start` up to `end`, in any order."""
    for at, amount, payee in database.scan(_PAID, (device, asset, start, end)):
        yield whole(at), -whole(amount), octets(payee)


def _sum(database: Database, query: str, *values: int | str | bytes) -> int:
    row = database.row(query, values)
    return whole(row[0]) if row else 0
