"""Who owns a device, and who may command it in the owner's place: transfer, delegation.

Source: firmware/schema/sealwright.cddl, rules `trsf` and `dele`. Device ids are 32 bytes; times are unix seconds, UTC.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from .. import labels
from ..keys import PublicKey
from .cose_key import CNF, KEY
from .row import Row
from .schema import HASH, TEXT, UINT, ListOf, Unsigned, at


class Owned(NamedTuple):
    """Since a transfer: the generation of a device's ownership, and the id of its owner's key."""

    generation: int
    owner: bytes


OWNED: Final = Row(Owned, Unsigned(1, labels.MAX_UINT), HASH)


@dataclass(frozen=True, slots=True)
class Transfer:
    """The owner `old` signs the new one in. generation: of the new ownership, 1 for the first transfer."""

    TYPE: ClassVar[int] = labels.TRANSFER
    NAME: ClassVar[str] = "transfer"

    device: bytes = field(metadata=at(1, HASH))
    generation: int = field(metadata=at(2, Unsigned(1, labels.MAX_UINT)))
    old: PublicKey = field(metadata=at(3, KEY))
    new: PublicKey = field(metadata=at(labels.CNF, CNF))
    signed_at: int = field(metadata=at(labels.IAT, UINT))


@dataclass(frozen=True, slots=True)
class Delegation:
    """The owner lets the key `operator` command these operations until `not_after`, in this generation of ownership."""

    TYPE: ClassVar[int] = labels.DELEGATION
    NAME: ClassVar[str] = "delegation"

    device: bytes = field(metadata=at(1, HASH))
    generation: int = field(metadata=at(2, UINT))
    ops: tuple[str, ...] = field(metadata=at(3, ListOf(TEXT)))
    not_after: int = field(metadata=at(5, UINT))
    signed_at: int = field(metadata=at(labels.IAT, UINT))
    operator: PublicKey = field(metadata=at(labels.CNF, CNF))
