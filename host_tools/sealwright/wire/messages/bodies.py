"""Every body a message can have, in the order of their type numbers; reading a message of any of them."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

from ...errors import WrongType
from .. import cose
from ..labels import TYP
from .certificate import Certificate
from .factory import FactoryRecord
from .identity import Command, Evidence, Grant, PeerProof
from .market import Offer
from .measurement import Reading
from .message import B, Message, read_as
from .payment import ChannelClose, ChannelOpen, Receipt, Voucher
from .settlement import Checkpoint, Funding, Refund
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
)
BODIES: Final[tuple[type[Body], ...]] = (
    Certificate, Reading, ChannelOpen, Voucher, Receipt, Evidence, Grant, Command, ChannelClose, PeerProof,
    Firmware, FactoryRecord, Funding, Refund, Status, Revocation, Offer, Checkpoint, Rotation,
)  # fmt: skip
_CLASSES: Final[Mapping[int, type[Any]]] = {cls.TYPE: cls for cls in BODIES}


def parse_message(raw: bytes) -> Message[Body]:
    """Read any message of the schema. Raises Malformed, NotDeterministic or WrongType; checks no signature."""
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
