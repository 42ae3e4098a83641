"""What a run of settling moved, added up: from whom to whom, and how much.

Limits: one number for each pair of parties and asset, whatever the number of messages.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from .book import Change, Entry

DEPOSITED: Final = "deposited"
WITHDRAWN: Final = "withdrawn"
LOCKED: Final = "locked"
PAID: Final = "paid"
REFUNDED: Final = "refunded"
_ORDER: Final = (PAID, REFUNDED, LOCKED, DEPOSITED, WITHDRAWN)


class Movement(NamedTuple):
    """`amount` of `asset` in smallest units. Locked, paid and refunded: `payer` and `payee` are those of a channel.
    deposited: the payee has it. withdrawn: the payer had it."""

    kind: str
    payer: bytes | None
    payee: bytes | None
    asset: str
    amount: int


class Moved:
    """Sums over the changes of a run."""

    def __init__(self) -> None:
        self._sums: Counter[tuple[str, bytes | None, bytes | None, str]] = Counter()

    def note(self, change: Change) -> None:
        """Add what a change moves: an entry that gives for one that takes."""
        entries = change.entries  # pairs, as `book.move` makes them
        for source, target in zip(entries[::2], entries[1::2], strict=True):
            if "shard" in (source.account.kind, target.account.kind):
                continue  # it stays the device's
            self._sums[(*_kind(source, target, change), target.account.asset)] += target.amount

    def __iter__(self) -> Iterator[Movement]:
        """Payments first; of one kind by asset, and the largest first."""
        found = [Movement(*key, amount) for key, amount in self._sums.items()]
        return iter(sorted(found, key=_place))


def _place(one: Movement) -> tuple[int, str, int, bytes, bytes]:
    return _ORDER.index(one.kind), one.asset, -one.amount, one.payer or b"", one.payee or b""


def _kind(source: Entry, target: Entry, change: Change) -> tuple[str, bytes | None, bytes | None]:
    giver, taker = source.account, target.account
    if giver.kind == "world":
        return DEPOSITED, None, taker.name
    if taker.kind == "world":
        return WITHDRAWN, giver.name, None
    channel = change.channels[0]
    if taker.kind == "channel":
        return LOCKED, channel.payer, channel.payee
    return PAID if taker.name == channel.payee else REFUNDED, channel.payer, channel.payee
