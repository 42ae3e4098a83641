"""The digest of what a row makes of the views: chained with the row, so that settling on an altered view shows.

Purpose: if somebody alters a view and the next message settles on it, the row has an effect that the log does not give,
and an audit names that row.
"""

from hashlib import sha256

from ..wire import cbor
from . import book
from .store.batched import BatchedTables


def effect_of(tables: BatchedTables, change: book.Change) -> bytes:
    """32 bytes: SHA-256 of the deterministic CBOR [balances, channels, lanes] as they are after `change`.

    A balance is [kind, asset, name, amount], a channel [digest, worth, limit, paid, refunded, end of claim, time of its
    close or null], a lane [number, seq, worth, voucher]. A worth is a text, as in the tables: CBOR's integers end at 64
    bits, and a sum of worths does not.
    """
    lanes = change.lanes
    found = [
        [[one.kind, one.asset, one.name, tables.balance(one) + amount] for one, amount in change.entries],
        [_channel(channel) for channel in change.channels],
        [[n, lanes[n].seq, str(lanes[n].worth), lanes[n].voucher] for n in sorted(lanes)],
    ]
    return sha256(cbor.encode_lists(found)).digest()


def _channel(channel: book.Channel) -> list[bytes | str | int | None]:
    terms, money = channel.terms, (channel.limit, channel.paid, channel.refunded)
    return [terms.digest, str(channel.worth), *money, terms.claim_end, channel.closed_at]
