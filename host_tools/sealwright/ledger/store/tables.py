"""The log and its views as Python values: every query of the ledger, and nothing that decides.

Purpose: find what the rules need to know of the past, and note what only some messages change; `batched` has what
every message writes. The same code fills the views when a message is settled and when `audit` rebuilds them.
Limits: inside a transaction of its caller's; balances stay in 64 bits because `book` bounds the supply.
"""

from collections.abc import Iterator, Sequence
from typing import Final, cast

from ...verify.ownership import Owners, Step
from ...wire.messages import Owned
from .. import book
from ..chain import START, Head, LogRow
from .channel_tables import FAR_ROWS, ChannelTables, pieces
from .database import octets, text, unsigned, whole

_ACCOUNTS: Final = f"""SELECT a.kind, a.name, a.asset, a.id, a.balance
    FROM (VALUES {", ".join(["(?, ?, ?)"] * FAR_ROWS)}) AS k
    JOIN accounts a ON a.kind = k.column1 AND a.asset = k.column3 AND a.name = k.column2"""

# A server without statistics expects a 200th of the table for each digest. It would read all of it in the order of `n`
# for the least one; of `n + 0` it knows no order. And it would read all of `log` for a join.
_FIRST_ROW: Final = "SELECT min(m.n + 0) FROM messages m WHERE m.digest = "
_FIRST_ROWS: Final = f"""SELECT k.column1, ({_FIRST_ROW} k.column1)
    FROM (VALUES {", ".join(["(?)"] * FAR_ROWS)}) AS k"""
_IN_ROWS: Final = f"SELECT n, message FROM log WHERE n IN ({', '.join(['?'] * FAR_ROWS)})"


class Tables(ChannelTables):
    """The tables of one database. log: the database with the log, where an audit rebuilds the views in another."""

    # the log

    def head(self) -> Head:
        """The last row's number and hash; number 0 and zeros for an empty log."""
        row = self._db.row("SELECT n, hash FROM log ORDER BY n DESC LIMIT 1")
        return Head(whole(row[0]), octets(row[1])) if row else Head(0, START)

    def last_time(self) -> int:
        """The time of the last row, unix seconds; 0 for an empty log."""
        row = self._db.row("SELECT at FROM log ORDER BY n DESC LIMIT 1")
        return whole(row[0]) if row else 0

    def hash_of(self, n: int) -> bytes | None:
        """The hash of row `n`, or None where there is no such row."""
        row = self._db.row("SELECT hash FROM log WHERE n = ?", (n,))
        return octets(row[0]) if row else None

    def digests(self, first: int, last: int) -> Iterator[bytes]:
        """The digests of the messages in the rows from `first` to `last`, both included, in order."""
        for row in self._db.scan("SELECT digest FROM messages WHERE n >= ? AND n <= ? ORDER BY n", (first, last)):
            yield octets(row[0])

    def beginning(self, beginning: bytes) -> list[tuple[int, bytes]]:
        """The first row and the digest of the messages whose digests begin so: one, or two where there are more."""
        end = beginning + b"\xff" * (32 - len(beginning))
        sql = """SELECT min(n), digest FROM messages WHERE digest >= ? AND digest <= ?
            GROUP BY digest ORDER BY digest LIMIT 2"""
        return [(whole(row[0]), octets(row[1])) for row in self._db.rows(sql, (beginning, end))]

    def message(self, n: int) -> bytes | None:
        """The message in row `n`, as received, or None where there is no such row."""
        return self._raw((n,))

    def log(self) -> Iterator[LogRow]:
        """All rows of the log, in order."""
        for row in self._db.scan("SELECT n, at, message, proof, effect, prev, hash FROM log ORDER BY n"):
            yield LogRow(whole(row[0]), whole(row[1]), *map(octets, row[2:]))

    # what was taken before

    def row_of(self, digest: bytes) -> int | None:
        """The row the message with this digest was first taken in, or None."""
        row = self._db.row(f"{_FIRST_ROW} ?", (digest,))
        return whole(row[0]) if row and row[0] is not None else None

    def settled_among(self, digests: Sequence[bytes]) -> Iterator[tuple[bytes, int, bytes]]:
        """Those of these digests that a message has: the row it was first taken in, and the message as received."""
        for piece in pieces([(digest,) for digest in digests]):
            digest_of = {
                whole(row[1]): octets(row[0]) for row in self._db.rows(_FIRST_ROWS, piece) if row[1] is not None
            }
            for numbers in pieces([(n,) for n in digest_of]):
                for row in self._log.rows(_IN_ROWS, numbers):
                    yield digest_of[whole(row[0])], whole(row[0]), octets(row[1])

    def certificates(self, kid: bytes) -> list[tuple[int, bytes]]:
        """The accepted certificates whose subject has this key hint: when taken, and as received, oldest first."""
        rows = list(self._db.rows("SELECT n FROM certificates WHERE kid = ? ORDER BY n", (kid,)))
        found = (self._log.row("SELECT at, message FROM log WHERE n = ?", row) for row in rows)
        return [(whole(row[0]), octets(row[1])) for row in found if row is not None]

    def order_used(self, order: book.Transfer) -> bool:
        """Whether this owner used this number for this device."""
        sql = "SELECT n FROM orders WHERE owner = ? AND device = ? AND seq = ?"
        return self._db.row(sql, (order.owner, order.device, str(order.seq))) is not None

    def has_book(self, before: int) -> bool:
        """Whether an owner's order or a channel came before row `before`."""
        sql = "SELECT n FROM messages WHERE n < ? AND type IN ('command', 'channel-open') LIMIT 1"
        return self._db.row(sql, (before,)) is not None

    # the book

    def supply(self, asset: str) -> int:
        """All of an asset that is in the ledger: deposited and not withdrawn."""
        # in two halves: what one owner brought and another took may pass 64 bits on the way to the sum
        sql = """SELECT CAST(coalesce(sum(balance >> 32), 0) AS BIGINT),
            CAST(coalesce(sum(balance & 4294967295), 0) AS BIGINT) FROM accounts WHERE kind = 'world' AND asset = ?"""
        row = self._db.row(sql, (asset,))
        return -((whole(row[0]) << 32) + whole(row[1])) if row else 0

    def accounts_among(self, accounts: Sequence[book.Account]) -> Iterator[tuple[book.Account, tuple[int, int]]]:
        """Those of these accounts that ever had anything: their numbers, and what they hold."""
        for piece in pieces(accounts):
            for row in self._db.rows(_ACCOUNTS, piece):
                account = book.Account(cast("book.Kind", text(row[0])), octets(row[1]), text(row[2]))
                yield account, (whole(row[3]), whole(row[4]))

    def closed_by(self, channel: bytes, signer: bytes) -> bool:
        """Whether this party closed the channel before."""
        return self._db.row("SELECT n FROM closes WHERE channel = ? AND signer = ?", (channel, signer)) is not None

    def owner(self, device: bytes) -> tuple[bytes, int] | None:
        """The owner's key (X || Y) that the device's newest grant names, and when it was granted."""
        row = self._db.row("SELECT owner, granted FROM owners WHERE device = ?", (device,))
        return (octets(row[0]), unsigned(row[1])) if row else None

    def owners(self, device: bytes) -> Owners:
        """What the log has of a device's owners."""
        granted = self.owner(device)
        if granted is None:
            return Owners()
        steps = self._db.rows("SELECT generation, old, new FROM transfers WHERE device = ?", (device,))
        words = self._db.rows("SELECT generation, owner FROM obeyed WHERE device = ?", (device,))
        return Owners(
            granted[0],
            [Step(unsigned(row[0]), octets(row[1]), octets(row[2])) for row in steps],
            [Owned(unsigned(row[0]), octets(row[1])) for row in words],
        )

    def hand_over(self, n: int, device: bytes, step: Step) -> None:
        """Note a transfer of ownership."""
        sql = "INSERT INTO transfers (device, generation, old, new, n) VALUES (?, ?, ?, ?, ?)"
        self._db.run(sql, (device, str(step.generation), step.old, step.new, n))

    def obey(self, n: int, device: bytes, word: Owned) -> None:
        """Note which owner a device obeys."""
        sql = "INSERT INTO obeyed (device, generation, owner, n) VALUES (?, ?, ?, ?)"
        self._db.run(sql, (device, str(word.generation), word.owner, n))

    def revoked_from(self, device: bytes) -> int | None:
        """The earliest time from which a revocation of the device counts."""
        row = self._db.row("SELECT start FROM revocations WHERE device = ?", (device,))
        return unsigned(row[0]) if row else None

    # what is noted now and then; `batched` has what every message writes

    def certify(self, n: int, kid: bytes) -> None:
        """Note that row `n` holds an accepted certificate for a subject with this key hint."""
        self._db.run("INSERT INTO certificates (kid, n) VALUES (?, ?)", (kid, n))

    def use_order(self, n: int, order: book.Transfer) -> None:
        """Note the order's number as used."""
        sql = "INSERT INTO orders (owner, device, seq, n) VALUES (?, ?, ?, ?)"
        self._db.run(sql, (order.owner, order.device, str(order.seq), n))

    def outranks(self, device: bytes, owner: bytes, depth: int, granted: int) -> bool:
        """Whether a grant names the device's owner from now on, rather than the one taken before.

        A grant by an issuer nearer to the root wins, then the newer one, and of two of one second the lower key: else
        an issuer that certified another's device first could name its owner.
        """
        row = self._db.row("SELECT depth, granted, owner FROM owners WHERE device = ?", (device,))
        if row is None:
            return True
        known = (-whole(row[0]), unsigned(row[1]))
        return (-depth, granted) > known or ((-depth, granted) == known and owner < octets(row[2]))

    def set_owner(self, n: int, device: bytes, owner: bytes, depth: int, granted: int) -> None:
        """Note the owner of a device."""
        sql = """INSERT INTO owners (device, owner, depth, granted, n) VALUES (?, ?, ?, ?, ?) ON CONFLICT (device)
            DO UPDATE SET owner = excluded.owner, depth = excluded.depth, granted = excluded.granted, n = excluded.n"""
        self._db.run(sql, (device, owner, depth, str(granted), n))

    def revoke(self, n: int, device: bytes, start: int) -> None:
        """Note a revocation; the earliest start counts."""
        known = self.revoked_from(device)
        if known is not None and known <= start:
            return
        sql = """INSERT INTO revocations (device, start, n) VALUES (?, ?, ?) ON CONFLICT (device)
            DO UPDATE SET start = excluded.start, n = excluded.n"""
        self._db.run(sql, (device, str(start), n))
