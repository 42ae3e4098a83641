"""The digest of what a row makes of the views: chained with the row, so that settling on an altered view shows.

Purpose: if somebody alters a view and the next message settles on it, the row has an effect that the log does not give,
and an audit names that row.
"""

from functools import lru_cache
from hashlib import sha256

from ..verify.memory import Lane
from ..wire import cbor
from . import book
from .store.batched import BatchedTables


def effect_of(tables: BatchedTables, change: book.Change) -> bytes:
    """32 bytes: SHA-256 of the balances, channels and lanes as they are after `change`.

    Of the deterministic CBOR [balances, channels, lanes], put together here: every voucher has one.
    """
    entries, channels, lanes = change.entries, change.channels, change.lanes
    found = [b"\x83", cbor.head_of(4, len(entries))]
    for account, amount in entries:
        found.append(_place(account) + _number(tables.balance(account) + amount))
    found.append(cbor.head_of(4, len(channels)))
    found += [_channel(channel) for channel in channels]
    found.append(cbor.head_of(4, len(lanes)))
    found += [_lane(number, lanes[number]) for number in sorted(lanes)]
    return sha256(b"".join(found)).digest()


@lru_cache(maxsize=4096)
def _place(account: book.Account) -> bytes:
    return b"\x84" + _text(account.kind) + _text(account.asset) + _octets(account.name)


def _channel(channel: book.Channel) -> bytes:
    terms = channel.terms
    worth = str(channel.worth)  # as the tables keep it: CBOR's integers end at 64 bits, and a sum of worths does not
    numbers = _number(channel.limit) + _number(channel.paid) + _number(channel.refunded) + _number(terms.claim_end)
    closed = b"\xf6" if channel.closed_at is None else _number(channel.closed_at)
    return b"\x87" + _octets(terms.digest) + _text(worth) + numbers + closed


def _lane(number: int, lane: Lane) -> bytes:
    return b"\x84" + _number(number) + _number(lane.seq) + _text(str(lane.worth)) + _octets(lane.voucher)


def _number(value: int) -> bytes:
    return cbor.head_of(0, value) if value >= 0 else cbor.head_of(1, -1 - value)


def _text(value: str) -> bytes:
    raw = value.encode()
    return cbor.head_of(3, len(raw)) + raw


def _octets(value: bytes) -> bytes:
    return cbor.head_of(2, len(value)) + value
