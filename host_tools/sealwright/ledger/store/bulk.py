"""What every message writes, as statements for many rows at a time, and the rows for them."""

from typing import Final

from .. import book
from .database import Row

APPEND: Final = "INSERT INTO log (n, at, message, proof, effect, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
REMEMBER: Final = "INSERT INTO messages (n, digest, type) VALUES (?, ?, ?)"
ACCOUNT: Final = "INSERT INTO accounts (balance, id, kind, asset, name) VALUES (?, ?, ?, ?, ?)"
BALANCE: Final = "UPDATE accounts SET balance = ? WHERE id = ?"
ENTER: Final = "INSERT INTO entries (n, account, amount) VALUES (?, ?, ?)"
OPEN: Final = """INSERT INTO channels (pays_up_to, worth, paid, refunded, remaining, claim_end, closed_at, digest,
    opened, payer, payee, asset, capacity, expires, dispute) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
CHANNEL: Final = """UPDATE channels SET pays_up_to = ?, worth = ?, paid = ?, refunded = ?, remaining = ?,
    claim_end = ?, closed_at = ? WHERE digest = ?"""
LANE: Final = """INSERT INTO lanes (channel, lane, seq, worth, voucher) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (channel, lane) DO UPDATE SET seq = excluded.seq, worth = excluded.worth,
    voucher = excluded.voucher"""
NUMBER: Final = "INSERT INTO vouchers (channel, lane, seq, n) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"


def place(account: book.Account) -> tuple[str, str, bytes]:
    """What names an account."""
    return account.kind, account.asset, account.name


def state(channel: book.Channel) -> Row:
    """What changes of a channel, and last its name: for `CHANNEL`, and the beginning of `OPEN`."""
    money = (channel.limit, str(channel.worth), channel.paid, channel.refunded, channel.remaining)
    return *money, channel.terms.claim_end, channel.closed_at, channel.terms.digest


def terms_of(channel: book.Channel) -> Row:
    """What never changes of a channel: the end of `OPEN`."""
    terms = channel.terms
    return terms.payer, terms.payee, terms.asset, terms.capacity, str(terms.expires), terms.window
