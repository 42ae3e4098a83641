"""Every body a message can have, in the order of their type numbers; reading a message of any of them."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

from ...errors import WrongType
from .. import cbor, cose
from ..labels import TYP
from .certificate import Certificate
from .factory import FactoryRecord
from .identity import Command, Evidence, Grant, PeerProof
from .market import Offer
from .measurement import Reading
from .message import B, Message, read_as
from .ownership import Delegation, Transfer
from .patterns import pattern_of
from .payment import ChannelClose, ChannelOpen, Receipt, Voucher
from .settlement import Checkpoint, Funding, Refund
from .sharding import Division, Shift
from .standing import Revocation, Rotation, Status
from .update import Firmware

Body: TypeAlias = (
    Certificate
    | Reading
    | ChannelOpen
    | Voucher
    | Receipt
    | Evidence
    | Grant
    | Command
    | ChannelClose
    | PeerProof
    | Firmware
    | FactoryRecord
    | Funding
    | Refund
    | Status
    | Revocation
    | Offer
    | Checkpoint
    | Rotation
    | Transfer
    | Delegation
    | Division
    | Shift
)
BODIES: Final[tuple[type[Body], ...]] = (
    Certificate, Reading, ChannelOpen, Voucher, Receipt, Evidence, Grant, Command, ChannelClose, PeerProof,
    Firmware, FactoryRecord, Funding, Refund, Status, Revocation, Offer, Checkpoint, Rotation,
    Transfer, Delegation, Division, Shift,
)  # fmt: skip
_CLASSES: Final[Mapping[int, type[Any]]] = {cls.TYPE: cls for cls in BODIES}


_TYPES: Final[Mapping[bytes, type[Any]]] = {cbor.encode(cls.TYPE): cls for cls in BODIES}
_PLAIN_HEADER: Final = 0x51  # head of a protected header of algorithm, kid and type: 17 bytes
_TYPE: Final = slice(17, 20)  # where such a message has its type number


def parse_message(raw: bytes) -> Message[Body]:
    """Read any message of the schema. Raises Malformed, NotDeterministic or WrongType; checks no signature."""
    return by_pattern(raw) or parse_strictly(raw)


def by_pattern(raw: bytes) -> Message[Body] | None:
    """The message, where a pattern takes its bytes; None where the strict decoder must judge them."""
    raw = bytes(raw)
    if not _TYPE.stop < len(raw) <= cbor.MAX_SIZE:
        return None
    cls: type[Any] | None = _TYPES.get(raw[_TYPE]) if raw[2] == _PLAIN_HEADER else Reading
    pattern = None if cls is None else pattern_of(cls)
    found = None if pattern is None else pattern.read(raw)
    return None if found is None else Message(*found)


def parse_strictly(raw: bytes) -> Message[Body]:
    """Read any message as `parse_message` does, by the strict decoder alone: what the patterns are held against."""
    sign1 = cose.parse(raw)
    cls = _CLASSES.get(sign1.typ) if sign1.typ is not None else None
    if cls is None:
        raise WrongType(f"type {sign1.header.get(TYP)!r} in the protected header is none of Sealwright's")
    return cast("Message[Body]", read_as(sign1, cls))


def parse_as(raw: bytes, cls: type[B]) -> Message[B]:
    """Read a message of the one class that is expected. Raises as `parse_message` does."""
    message = parse_message(raw)
    if not isinstance(message.body, cls):
        raise WrongType(f"a {message.type}, where a {cls.NAME} is expected")
    return cast("Message[B]", message)
