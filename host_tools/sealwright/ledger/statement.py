"""A device's statement: what it had, what moved day by day and with whom, and what it has then.

Purpose: a bill that adds up. A device's money is what is on its account (available), and what is in the channels that
it pays in (locked): locking moves money from the one to the other, a payment leaves the locked part, and what is paid
to it is available.
Limits: one line a day, kind and peer; `ledger export` has every entry. Days are UTC's. Of a channel that a device has
with itself all that comes back is a refund.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from .store import movements
from .store.database import Database
from .store.faults import LedgerDamaged
from .store.tables import Tables

DEPOSITED: Final = "deposited"
WITHDRAWN: Final = "withdrawn"
LOCKED: Final = "locked"
PAID_IN: Final = "paid in"
PAID_OUT: Final = "paid out"
REFUNDED: Final = "refunded"
SHIFTED: Final = "between shards"
KINDS: Final = (DEPOSITED, LOCKED, PAID_IN, PAID_OUT, REFUNDED, WITHDRAWN, SHIFTED)
_DAY: Final = 86400  # seconds


class Funds(NamedTuple):
    """What a device has on its account and in the channels that it pays in, in the asset's smallest unit."""

    available: int
    locked: int

    def plus(self, other: "Funds") -> "Funds":
        """The sum of both."""
        return Funds(self.available + other.available, self.locked + other.locked)


class StatementLine(NamedTuple):
    """What moved on a day (unix seconds of its beginning, UTC). peer: the other device, or the owner that deposited or
    withdrew. entries: how many. change: what that did to the device's funds."""

    day: int
    kind: str
    peer: bytes
    entries: int
    change: Funds


class Statement(NamedTuple):
    """A device's money in one asset from unix time `start` up to `end`. opening and the changes of `lines` add up to
    closing."""

    device: bytes
    asset: str
    start: int
    end: int
    opening: Funds
    lines: tuple[StatementLine, ...]
    closing: Funds


def statements(database: Database, device: bytes, start: int, end: int) -> Iterator[Statement]:
    """One for each asset that the device (id, 32 bytes) had or moved in that time, by name, over all shards.

    database: in one read transaction. Raises LedgerDamaged where the sums are not those of the ledger.
    """
    found: dict[str, Statement] = {}
    assets = {asset for shard in database.shards for asset in movements.assets(shard)}
    for shard in database.shards:
        for one in _of_shard(shard, device, assets, (start, end)):
            found[one.asset] = _joined(found[one.asset], one) if one.asset in found else one
    for _, one in sorted(found.items()):
        lines = tuple(line for line in one.lines if line.kind != SHIFTED or any(line.change))
        if lines or any(one.opening):
            yield one._replace(lines=lines)


def _joined(one: Statement, other: Statement) -> Statement:
    lines: dict[tuple[int, str, bytes], StatementLine] = {}
    for line in (*one.lines, *other.lines):
        before = lines.get(line[:3])
        entries, change = (0, Funds(0, 0)) if before is None else (before.entries, before.change)
        lines[line[:3]] = line._replace(entries=entries + line.entries, change=change.plus(line.change))
    ordered = tuple(sorted(lines.values(), key=_place))
    return one._replace(opening=one.opening.plus(other.opening), lines=ordered, closing=one.closing.plus(other.closing))


def _of_shard(database: Database, device: bytes, assets: Iterable[str], time: tuple[int, int]) -> Iterator[Statement]:
    """What the log of one shard has of it. time: from the first up to the second."""
    rows = Tables(database).head().n
    first, last = (movements.row_at(database, at, rows) for at in time)
    for asset in assets:
        account = movements.account(database, device, asset)
        if account is None:
            continue
        opening, closing, now = (
            Funds(movements.before(database, account[0], n), movements.locked_before(database, device, asset, n))
            for n in (first, last, rows + 1)
        )
        lines = _lines(_moves(database, device, asset, account[0], (first, last)))
        total = opening
        for line in lines:
            total = total.plus(line.change)
        held = Funds(account[1], movements.locked(database, device, asset))
        if total != closing or now != held:
            raise LedgerDamaged(f"the entries of a device's account in {asset} do not add up to what it has")
        if lines or any(opening):
            yield Statement(device, asset, *time, opening, lines, closing)


def _moves(
    database: Database, device: bytes, asset: str, account: int, rows: tuple[int, int]
) -> Iterator[tuple[int, str, bytes, Funds]]:
    """(time, kind, peer, change) of all that moved in the rows from the first up to the second."""
    for one in movements.moved(database, account, *rows):
        if one.kind == "shard":
            yield one.at, SHIFTED, b"", Funds(one.amount, 0)  # nothing, once it has come to the other shard
        elif one.payer is None or one.payee is None:
            yield one.at, DEPOSITED if one.amount > 0 else WITHDRAWN, one.name, Funds(one.amount, 0)
        elif one.payer == device:
            yield one.at, LOCKED if one.amount < 0 else REFUNDED, one.payee, Funds(one.amount, -one.amount)
        else:
            yield one.at, PAID_IN, one.payer, Funds(one.amount, 0)
    for at, amount, payee in movements.paid(database, device, asset, *rows):
        yield at, PAID_OUT, payee, Funds(0, -amount)


def _lines(moves: Iterable[tuple[int, str, bytes, Funds]]) -> tuple[StatementLine, ...]:
    """The moves by day, kind and peer."""
    found: dict[tuple[int, str, bytes], tuple[int, Funds]] = {}
    for at, kind, peer, change in moves:
        key = at - at % _DAY, kind, peer
        count, before = found.get(key, (0, Funds(0, 0)))
        found[key] = count + 1, before.plus(change)
    lines = [StatementLine(*key, *sums) for key, sums in found.items()]
    return tuple(sorted(lines, key=_place))


def _place(line: StatementLine) -> tuple[int, int, bytes]:
    return line.day, KINDS.index(line.kind), line.peer
