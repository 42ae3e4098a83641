"""What a ledger signs: funding, refund, checkpoint.

Source: firmware/schema/sealwright.cddl, rules `fund`, `refd` and `chkp`. A ledger's id is its key's device id, 32
bytes, as digests are; amounts are in the smallest unit of the channel's asset, 0 <= n < 2**63; times are unix seconds,
UTC.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from .. import labels
from .schema import AMOUNT, HASH, UINT, ListOf, at
from .sharding import LOG_END, LogEnd


@dataclass(frozen=True, slots=True)
class Funding:
    """The ledger locked `amount`, the channel's capacity, at `funded_at`. channel: digest of its channel-open."""

    TYPE: ClassVar[int] = labels.FUNDING
    NAME: ClassVar[str] = "funding"

    channel: bytes = field(metadata=at(1, HASH))
    amount: int = field(metadata=at(2, AMOUNT))
    funded_at: int = field(metadata=at(labels.IAT, UINT))


@dataclass(frozen=True, slots=True)
class Refund:
    """The ledger gave `amount` back to the payer at `refunded_at`, after the claim's end: the rest of the channel."""

    TYPE: ClassVar[int] = labels.REFUND
    NAME: ClassVar[str] = "refund"

    channel: bytes = field(metadata=at(1, HASH))
    amount: int = field(metadata=at(2, AMOUNT))
    refunded_at: int = field(metadata=at(labels.IAT, UINT))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The ledger's log had `rows` rows at `signed_at`, and `head` (32 bytes) is the hash of the last. root: of the
    Merkle tree (32 bytes, see `merkle`) over the digests of the messages in those rows; proofs rest on it. shards: of a
    ledger in shards the ends of the other shards' logs, from shard 1 on; what is above is of shard 0."""

    TYPE: ClassVar[int] = labels.CHECKPOINT
    NAME: ClassVar[str] = "checkpoint"

    ledger: bytes = field(metadata=at(1, HASH))
    rows: int = field(metadata=at(2, UINT))
    head: bytes = field(metadata=at(3, HASH))
    signed_at: int = field(metadata=at(labels.IAT, UINT))
    root: bytes | None = field(default=None, metadata=at(4, HASH))
    shards: tuple[LogEnd, ...] | None = field(default=None, metadata=at(5, ListOf(LOG_END)))

    def ends(self) -> list[LogEnd]:
        """The end of each shard's log, in order; of a ledger without shards, that of its one log."""
        return [LogEnd(self.rows, self.head, self.root), *(self.shards or ())]
