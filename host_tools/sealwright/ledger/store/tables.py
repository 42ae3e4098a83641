"""The log and its views as Python values: every query of the ledger, and nothing that decides.

Purpose: append a row, apply a `book.Change`, and find what the rules need to know of the past. The same code
fills the views when a message is settled and when `audit` rebuilds them.
Limits: inside a transaction of its caller's; balances stay in 64 bits because `book` bounds the supply.
"""

from collections.abc import Iterable, Iterator

from .. import book
from ..chain import START, Head, LogRow
from .database import Database, Row, octets, text, unsigned, whole

_CHANNEL = """SELECT digest, payer, payee, asset, deposited, expires, paid, promised, refunded, closed
    FROM channels"""


class Tables:
    """The tables of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # the log

    def head(self) -> Head:
        """The last row's number and hash; number 0 and zeros for an empty log."""
        row = self._db.row("SELECT n, hash FROM log ORDER BY n DESC LIMIT 1")
        return Head(whole(row[0]), octets(row[1])) if row else Head(0, START)

    def append(self, row: LogRow) -> None:
        """Add a row to the log."""
        self._db.run("INSERT INTO log (n, at, message, proof, prev, hash) VALUES (?, ?, ?, ?, ?, ?)", row)

    def log(self) -> Iterator[LogRow]:
        """All rows of the log, in order."""
        for row in self._db.rows("SELECT n, at, message, proof, prev, hash FROM log ORDER BY n"):
            n, at = whole(row[0]), whole(row[1])
            yield LogRow(n, at, octets(row[2]), octets(row[3]), octets(row[4]), octets(row[5]))

    # what was taken before

    def row_of(self, digest: bytes) -> int | None:
        """The row the message with this digest was first taken in, or None."""
        row = self._db.row("SELECT n FROM messages WHERE digest = ? ORDER BY n LIMIT 1", (digest,))
        return whole(row[0]) if row else None

    def settled(self, digest: bytes) -> bytes | None:
        """The message with this digest as it was first taken, or None."""
        sql = "SELECT l.message FROM messages m JOIN log l ON l.n = m.n WHERE m.digest = ? ORDER BY m.n LIMIT 1"
        row = self._db.row(sql, (digest,))
        return octets(row[0]) if row else None

    def certificates(self, kid: bytes) -> list[bytes]:
        """The accepted certificates whose subject has this key hint, as received, oldest first."""
        sql = "SELECT l.message FROM certificates c JOIN log l ON l.n = c.n WHERE c.kid = ? ORDER BY c.n"
        return [octets(row[0]) for row in self._db.rows(sql, (kid,))]

    def order_used(self, order: book.Deposit) -> bool:
        """Whether this owner used this number for this device."""
        sql = "SELECT n FROM orders WHERE owner = ? AND device = ? AND seq = ?"
        return self._db.row(sql, (order.owner, order.device, str(order.seq))) is not None

    # the book

    def supply(self, asset: str) -> int:
        """All of an asset that was ever deposited."""
        sql = "SELECT CAST(-coalesce(sum(balance), 0) AS BIGINT) FROM accounts WHERE kind = 'world' AND asset = ?"
        row = self._db.row(sql, (asset,))
        return whole(row[0]) if row else 0

    def balance(self, account: book.Account) -> int:
        """What an account holds; 0 for one that never had anything."""
        sql = "SELECT balance FROM accounts WHERE kind = ? AND asset = ? AND name = ?"
        row = self._db.row(sql, (account.kind, account.asset, account.name))
        return whole(row[0]) if row else 0

    def channel(self, digest: bytes) -> book.Channel | None:
        """A channel as it is now."""
        row = self._db.row(f"{_CHANNEL} WHERE digest = ?", (digest,))
        return _channel(row) if row else None

    def channels(self) -> Iterator[book.Channel]:
        """All channels, in the order they were opened."""
        return (_channel(row) for row in self._db.rows(f"{_CHANNEL} ORDER BY opened"))

    def lanes(self, channel: bytes, numbers: Iterable[int]) -> dict[int, book.Lane]:
        """Those of the channel's lanes that have redeemed something."""
        sql = "SELECT seq, amount, promised, voucher FROM lanes WHERE channel = ? AND lane = ?"
        found: dict[int, book.Lane] = {}
        for number in numbers:
            row = self._db.row(sql, (channel, str(number)))
            if row:
                found[number] = book.Lane(unsigned(row[0]), whole(row[1]), whole(row[2]), octets(row[3]))
        return found

    # taking a message

    def remember(self, n: int, digest: bytes, kind: str) -> None:
        """Note that row `n` holds the message `digest`, of type `kind`."""
        self._db.run("INSERT INTO messages (n, digest, type) VALUES (?, ?, ?)", (n, digest, kind))

    def certify(self, n: int, kid: bytes) -> None:
        """Note that row `n` holds an accepted certificate for a subject with this key hint."""
        self._db.run("INSERT INTO certificates (kid, n) VALUES (?, ?)", (kid, n))

    def use_order(self, n: int, order: book.Deposit) -> None:
        """Note the order's number as used."""
        sql = "INSERT INTO orders (owner, device, seq, n) VALUES (?, ?, ?, ?)"
        self._db.run(sql, (order.owner, order.device, str(order.seq), n))

    def apply(self, n: int, change: book.Change) -> None:
        """Bring the views up to date with what row `n` does."""
        for entry in change.entries:
            self._enter(n, entry)
        if change.channel is not None:
            self._set_channel(n, change.channel)
            for number, lane in change.lanes.items():
                self._set_lane(change.channel.digest, number, lane)

    def _enter(self, n: int, entry: book.Entry) -> None:
        account = entry.account
        place = (account.kind, account.asset, account.name)
        sql = "UPDATE accounts SET balance = balance + ? WHERE kind = ? AND asset = ? AND name = ? RETURNING id"
        found = self._db.row(sql, (entry.amount, *place))
        if found is None:
            # numbered here and not by the database, so that a rebuilt view has the same numbers
            sql = """INSERT INTO accounts (id, kind, asset, name, balance)
                VALUES ((SELECT coalesce(max(id), 0) + 1 FROM accounts), ?, ?, ?, ?) RETURNING id"""
            found = self._db.row(sql, (*place, entry.amount)) or (None,)
        number = whole(found[0])
        self._db.run("INSERT INTO entries (n, account, amount) VALUES (?, ?, ?)", (n, number, entry.amount))

    def _set_channel(self, n: int, channel: book.Channel) -> None:
        sql = """INSERT INTO channels
            (digest, opened, payer, payee, asset, deposited, expires, paid, promised, refunded, closed)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (digest) DO UPDATE SET paid = excluded.paid, promised = excluded.promised,
            refunded = excluded.refunded, closed = excluded.closed"""
        terms = (channel.digest, n, channel.payer, channel.payee, channel.asset, channel.deposited)
        state = (channel.paid, channel.promised, channel.refunded, n if channel.closed else None)
        self._db.run(sql, (*terms, str(channel.expires), *state))

    def _set_lane(self, channel: bytes, number: int, lane: book.Lane) -> None:
        sql = """INSERT INTO lanes (channel, lane, seq, amount, promised, voucher) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (channel, lane) DO UPDATE SET seq = excluded.seq, amount = excluded.amount,
            promised = excluded.promised, voucher = excluded.voucher"""
        state = (str(lane.seq), lane.amount, lane.promised, lane.voucher)
        self._db.run(sql, (channel, str(number), *state))


def _channel(row: Row) -> book.Channel:
    digest, payer, payee, asset, deposited, expires, paid, promised, refunded, closed = row
    return book.Channel(
        digest=octets(digest),
        payer=octets(payer),
        payee=octets(payee),
        asset=text(asset),
        deposited=whole(deposited),
        expires=unsigned(expires),
        paid=whole(paid),
        promised=whole(promised),
        refunded=whole(refunded),
        closed=closed is not None,
    )
