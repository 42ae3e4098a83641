"""Dealing messages to shards: what is of a channel by the channel's digest, an owner's order by the device.

What gives authority belongs to all of them. What a ledger had before it was divided stays in shard 0.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from ...verify import Judge, Verdict
from ...verify.codes import OTHER_SHARD
from ...wire.messages import (
    Body,
    ChannelClose,
    ChannelOpen,
    Command,
    Funding,
    Message,
    Receipt,
    Refund,
    Voucher,
)
from ...wire.messages.plain import plain_voucher
from ..attempts import again
from ..intake import DEPOSIT, WITHDRAW
from ..newest import Items
from ..store.database import Database
from ..store.tables import Tables
from .authority import AUTHORITY
from .places import shard_of

OF_CHANNEL: Final = (Voucher, Receipt, ChannelClose, Funding, Refund)
_MOST_KNOWN: Final = 65536  # channels whose shard is remembered
_WHY: Final = "It belongs to shard {}: its settler takes it."


def home_of(message: Message[Body], of: int) -> int | None:
    """The shard of an owner's order that the ledger takes, None for another message."""
    body = message.body
    return shard_of(body.device, of) if isinstance(body, Command) and body.op in (DEPOSIT, WITHDRAW) else None


@dataclass(slots=True)
class Dealt:
    """Messages by shard. authority: for all of them. left: those of shards that are not this settler's."""

    authority: Items = field(default_factory=list)
    orders: dict[int, Items] = field(default_factory=dict)
    opens: dict[int, Items] = field(default_factory=dict)
    rest: dict[int, Items] = field(default_factory=dict)
    left: list[Verdict] = field(default_factory=list)


class Dealer:
    """Deals messages. owned: the shards of this settler. judge: reads messages."""

    def __init__(self, database: Database, owned: Collection[int], judge: Judge) -> None:
        self._database, self._owned, self._judge = database, sorted(owned), judge
        self._of, self._first = len(database.shards), Tables(database.shards[0])
        self._old: dict[bytes, bool] = {}  # whether a channel is one that was there before
        since = database.shards[0].shard
        self.has_past = since is not None and self._ask_past(since.since)

    def _ask_past(self, since: int) -> bool:
        def ask() -> bool:
            with self._database.reading():
                return self._first.has_book(since)

        return again(ask)

    def deal(self, items: Items) -> Dealt:
        """Which shard each message belongs to."""
        found, parsed = Dealt(), []
        for n, raw in items:
            says = plain_voucher(raw)
            message = None if says else self._judge.parse(n, raw)
            parsed.append((n, raw, message, says[0] if says else channel_of(message), says and says[4]))
        self._look_up({channel for *_, channel, _ in parsed if channel is not None})
        for n, raw, message, channel, digest in parsed:
            body = message.body if isinstance(message, Message) else None
            if isinstance(body, AUTHORITY):
                found.authority.append((n, raw))
                continue
            kind, shard = self._place(message, channel, found)
            if shard in self._owned:
                kind.setdefault(shard, []).append((n, raw))
            else:
                name = message.type if isinstance(message, Message) else Voucher.NAME
                named = message.digest if isinstance(message, Message) else digest
                found.left.append(Verdict(n, name, True, OTHER_SHARD, named, _WHY.format(shard)))
        return found

    def _place(
        self, message: Message[Body] | Verdict | None, channel: bytes | None, dealt: Dealt
    ) -> tuple[dict[int, Items], int]:
        if channel is not None:
            opens = isinstance(message, Message) and isinstance(message.body, ChannelOpen)
            return dealt.opens if opens else dealt.rest, self._shard(channel)
        home = home_of(message, self._of) if isinstance(message, Message) else None
        if home is None or not isinstance(message, Message):
            return dealt.rest, self._owned[0]  # it moves nothing
        return dealt.orders, 0 if self.has_past and self._was_taken(message.digest) else home

    def _shard(self, channel: bytes) -> int:
        return 0 if self._old.get(channel) else shard_of(channel, self._of)

    def _look_up(self, channels: set[bytes]) -> None:
        """See which of these channels were there before the ledger was divided: for ever."""
        if not self.has_past:
            return
        if len(self._old) > _MOST_KNOWN:
            self._old.clear()
        asked = sorted(one for one in channels - self._old.keys() if shard_of(one, self._of))

        def ask() -> set[bytes]:
            with self._database.reading():
                return {one.digest for one in self._first.channels_among(asked)}

        there = again(ask) if asked else set()
        self._old.update((one, one in there) for one in asked)

    def _was_taken(self, digest: bytes) -> bool:
        def ask() -> bool:
            with self._database.reading():
                return self._first.row_of(digest) is not None

        return again(ask)


def channel_of(message: Message[Body] | Verdict | None) -> bytes | None:
    """The channel that a message is of."""
    body = message.body if isinstance(message, Message) else None
    if isinstance(body, ChannelOpen) and isinstance(message, Message):
        return message.digest
    return body.channel if isinstance(body, OF_CHANNEL) else None
