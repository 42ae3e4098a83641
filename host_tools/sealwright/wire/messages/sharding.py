"""What a ledger in shards signs into its logs: which shard a log is, and money that goes from one shard to another.

Source: firmware/schema/sealwright.cddl, rules `divn` and `shfd`. Shards are numbered from 0, rows of a log from 1.
Amounts are in the asset's smallest unit, 0 <= n < 2**63; times are unix seconds, UTC.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from .. import labels
from .row import Row
from .schema import AMOUNT, HASH, TEXT, UINT, at


class LogEnd(NamedTuple):
    """The end of one shard's log: its rows, the hash of the last, and the root of the tree over its messages; None in
    place of a root that is not known."""

    rows: int
    head: bytes
    root: bytes | None


class Place(NamedTuple):
    """A row of a shard's log."""

    shard: int
    row: int


LOG_END: Final = Row(LogEnd, UINT, HASH, HASH)
PLACE: Final = Row(Place, UINT, UINT)


@dataclass(frozen=True, slots=True)
class Division:
    """From its row on a log is shard `number` of `of`. ledger: its id, 32 bytes."""

    TYPE: ClassVar[int] = labels.DIVISION
    NAME: ClassVar[str] = "division"

    ledger: bytes = field(metadata=at(1, HASH))
    number: int = field(metadata=at(2, UINT))
    of: int = field(metadata=at(3, UINT))
    divided_at: int = field(metadata=at(labels.IAT, UINT))


@dataclass(frozen=True, slots=True)
class Shift:
    """`amount` of a device's money goes from one shard to another. source, target: the row of this message in the log
    of the shard that gives, and in that of the one that takes."""

    TYPE: ClassVar[int] = labels.SHIFT
    NAME: ClassVar[str] = "shift"

    ledger: bytes = field(metadata=at(1, HASH))
    device: bytes = field(metadata=at(2, HASH))
    asset: str = field(metadata=at(3, TEXT))
    amount: int = field(metadata=at(4, AMOUNT))
    source: Place = field(metadata=at(5, PLACE))
    shifted_at: int = field(metadata=at(labels.IAT, UINT))
    target: Place = field(metadata=at(7, PLACE))
