"""The message of a market: offer.

Source: firmware/schema/sealwright.cddl, rule `offr`. Device ids are 32 bytes; times are unix seconds, UTC. Fields that
may be absent default to None.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from .. import labels
from .asset import ASSET
from .schema import AMOUNT, HASH, TEXT, UINT, at


@dataclass(frozen=True, slots=True)
class Offer:
    """A seller's word on what it sells until `not_after`: one `unit` (a SenML unit, or "reading") for `price` of the
    asset's smallest unit. address: the URL it trades at. left: units it still has."""

    TYPE: ClassVar[int] = labels.OFFER
    NAME: ClassVar[str] = "offer"

    seller: bytes = field(metadata=at(1, HASH))
    unit: str = field(metadata=at(2, TEXT))
    price: int = field(metadata=at(3, AMOUNT))
    asset: str = field(metadata=at(4, ASSET))
    not_after: int = field(metadata=at(5, UINT))
    offered_at: int = field(metadata=at(labels.IAT, UINT))
    address: str | None = field(default=None, metadata=at(7, TEXT))
    left: int | None = field(default=None, metadata=at(8, AMOUNT))
