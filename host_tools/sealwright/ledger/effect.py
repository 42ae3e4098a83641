"""The digest of what a row makes of the views: chained with the row, so that settling on an altered view shows.

Purpose: if somebody alters a view and the next message settles on it, the row has an effect that the log does not give,
and an audit names that row.
"""

from hashlib import sha256

from ..verify.memory import Lane
from ..wire import cbor
from . import book
from .store.tables import Tables


def effect_of(tables: Tables, change: book.Change) -> bytes:
    """32 bytes: SHA-256 of the balances, channels and lanes as they are after `change`."""
    balances: list[cbor.Value] = []
    for entry in change.entries:
        account = entry.account
        after = tables.balance(account) + entry.amount
        balances.append([account.kind, account.asset, account.name, after])
    channels: list[cbor.Value] = [_channel(channel) for channel in change.channels]
    lanes: list[cbor.Value] = [_lane(number, lane) for number, lane in sorted(change.lanes.items())]
    return sha256(cbor.encode([balances, channels, lanes])).digest()


def _channel(channel: book.Channel) -> cbor.Value:
    terms = channel.terms
    worth = str(channel.worth)  # as the tables keep it: CBOR's integers end at 64 bits, and a sum of worths does not
    numbers: list[cbor.Value] = [channel.limit, channel.paid, channel.refunded, terms.claim_end]
    return [terms.digest, worth, *numbers, channel.closed_at]


def _lane(number: int, lane: Lane) -> cbor.Value:
    return [number, lane.seq, str(lane.worth), lane.voucher]
