"""Messages of payment: channel-open, voucher, receipt, channel-close.

Source: firmware/schema/sealwright.cddl, rule for rule. Device ids and digests are 32 bytes; amounts are in
the smallest unit of the asset, 0 <= n < 2**63; times are unix seconds, UTC. Fields that may be absent
default to None.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from .. import labels
from .asset import FIRST_VERSION_ASSET
from .claims import CLAIMS, REVEALED_TICK, Claim, RevealedTick
from .schema import AMOUNT, HASH, TEXT, UINT, Bytes, ListOf, Pair, Struct, Unsigned, at


@dataclass(frozen=True, slots=True)
class ChannelOpen:
    """The payer's promise to stand for `capacity`. The channel's name is this message's digest.

    dispute_window: seconds. ledger: the device id of the one that funds and settles the channel.
    """

    TYPE: ClassVar[int] = labels.CHANNEL_OPEN
    NAME: ClassVar[str] = "channel-open"

    network: bytes = field(metadata=at(2, HASH))
    payer: bytes = field(metadata=at(3, HASH))
    payee: bytes = field(metadata=at(4, HASH))
    asset: str = field(metadata=at(5, FIRST_VERSION_ASSET))
    capacity: int = field(metadata=at(6, AMOUNT))
    expires: int = field(metadata=at(7, UINT))
    nonce: bytes = field(metadata=at(8, Bytes(16)))
    price: int | None = field(default=None, metadata=at(9, AMOUNT))
    unit: str | None = field(default=None, metadata=at(10, TEXT))
    dispute_window: int | None = field(default=None, metadata=at(11, UINT))
    ledger: bytes | None = field(default=None, metadata=at(12, HASH))
    version: int = field(default=1, metadata=at(1, Unsigned(1, 1), required=True))


@dataclass(frozen=True, slots=True)
class Ticks:
    """A PayWord hash chain: the i-th preimage of `root` pays i * `value` more, for i up to `count`."""

    root: bytes = field(metadata=at(1, HASH))
    value: int = field(metadata=at(2, AMOUNT))
    count: int = field(metadata=at(3, UINT))


@dataclass(frozen=True, slots=True)
class Voucher:
    """The payer owes `amount` in all in this lane. `merges` are (lane, seq) pairs that it takes over."""

    TYPE: ClassVar[int] = labels.VOUCHER
    NAME: ClassVar[str] = "voucher"

    channel: bytes = field(metadata=at(1, HASH))
    lane: int = field(metadata=at(2, UINT))
    seq: int = field(metadata=at(3, UINT))
    amount: int = field(metadata=at(4, AMOUNT))
    not_before: int | None = field(default=None, metadata=at(5, UINT))
    not_after: int | None = field(default=None, metadata=at(6, UINT))
    hash_lock: bytes | None = field(default=None, metadata=at(7, HASH))
    item: bytes | None = field(default=None, metadata=at(8, HASH))
    merges: tuple[tuple[int, int], ...] | None = field(default=None, metadata=at(9, ListOf(Pair(UINT))))
    ticks: Ticks | None = field(default=None, metadata=at(10, Struct(Ticks)))


@dataclass(frozen=True, slots=True)
class Receipt:
    """The payee took this voucher. tick: the best tick revealed to it."""

    TYPE: ClassVar[int] = labels.RECEIPT
    NAME: ClassVar[str] = "receipt"

    channel: bytes = field(metadata=at(1, HASH))
    lane: int = field(metadata=at(2, UINT))
    seq: int = field(metadata=at(3, UINT))
    amount: int = field(metadata=at(4, AMOUNT))
    voucher: bytes = field(metadata=at(5, HASH))
    tick: RevealedTick | None = field(default=None, metadata=at(6, REVEALED_TICK))


@dataclass(frozen=True, slots=True)
class ChannelClose:
    """Payer or payee ends a channel. `claims`: what is owed, by rising lane; None: it makes no claim."""

    TYPE: ClassVar[int] = labels.CHANNEL_CLOSE
    NAME: ClassVar[str] = "channel-close"

    channel: bytes = field(metadata=at(1, HASH))
    closed_at: int = field(metadata=at(2, UINT))
    claims: tuple[Claim, ...] | None = field(default=None, metadata=at(3, CLAIMS))
