"""Rows that a batch has read: kept as long as no other process writes.

Purpose: a row that the rules ask for again and again is read once, and from a far database many are read at a time.
"""

from collections.abc import Sequence
from typing import TypeAlias

from ...verify.channels import MAX_LANES
from ...verify.memory import Lane
from .. import book
from .tables import Tables

Place: TypeAlias = tuple[bytes, int, int]  # of a voucher: channel, lane, seq


class Read:
    """What was read. None: there is no such row.

    rows: of messages, by digest. numbers: the digest of the first voucher with each. accounts: their numbers, and what
    they hold. settled: messages of this batch that the log has.
    """

    def __init__(self) -> None:
        self.rows: dict[bytes, int | None] = {}
        self.settled: dict[bytes, bytes] = {}
        self.channels: dict[bytes, book.Channel] = {}
        self.lanes: dict[tuple[bytes, int], Lane | None] = {}
        self.numbers: dict[Place, bytes | None] = {}
        self.accounts: dict[book.Account, tuple[int | None, int]] = {}

    def ahead(self, stored: Tables, messages: Sequence[tuple[bytes, Place | None]]) -> None:
        """Read at once what will be asked for messages with these digests, and these places of vouchers."""
        self._vouchers(stored, [place for _, place in messages if place is not None])
        may_be = {digest for digest, place in messages if place is None or self.numbers[place] is not None}
        asked = sorted(digest for digest in may_be if self.rows.get(digest, 0) is not None)
        for digest in asked:
            self.rows.setdefault(digest, None)  # one that this batch appended is not in the tables yet
        for digest, n, raw in stored.settled_among(asked):
            self.rows[digest], self.settled[digest] = n, raw

    def _vouchers(self, stored: Tables, places: Sequence[Place]) -> None:
        channels = {one[0] for one in places}
        unread = sorted(channels - self.channels.keys())
        self.channels.update((one.digest, one) for one in stored.channels_among(unread))
        there = [self.channels[one] for one in channels if one in self.channels]
        accounts = {held for one in there for held in (one.account, one.account_of(one.payee))} - self.accounts.keys()
        self.accounts |= dict.fromkeys(accounts, (None, 0)) | dict(stored.accounts_among(sorted(accounts)))
        lanes = sorted({one[:2] for one in places if one[1] < MAX_LANES} - self.lanes.keys())
        self.lanes |= dict.fromkeys(lanes) | dict(stored.lanes_among(lanes))
        new = sorted(set(places) - self.numbers.keys())
        asked = [one for one in new if self.lanes.get(one[:2]) is not None]  # a lane that is not there has none
        self.numbers |= dict.fromkeys(new) | dict(stored.numbered_among(asked))
