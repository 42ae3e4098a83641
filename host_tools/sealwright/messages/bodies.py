"""Every body a message can have, in the order of their type numbers; reading a message of any of them."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

from .. import cose
from ..errors import WrongType
from ..labels import TYP
from .certificate import Certificate
from .factory import FactoryRecord
from .identity import Command, Evidence, Grant, PeerProof
from .measurement import Reading
from .message import B, Message, read_as
from .payment import ChannelClose, ChannelOpen, Receipt, Voucher
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
)
BODIES: Final[tuple[type[Body], ...]] = (
    Certificate, Reading, ChannelOpen, Voucher, Receipt, Evidence, Grant, Command, ChannelClose, PeerProof,
    Firmware, FactoryRecord,
)  # fmt: skip
_CLASSES: Final[Mapping[int, type[Any]]] = {cls.TYPE: cls for cls in BODIES}


def parse_message(raw: bytes) -> Message[Body]:
    """Read any message. Raises Malformed, NotDeterministic or WrongType; checks no signature."""
    sign1 = cose.parse(raw)
    typ = sign1.typ
    cls = _CLASSES.get(typ) if typ is not None else None
    if cls is None:
        raise WrongType(f"type {sign1.header.get(TYP)!r} in the protected header is none of Sealwright's")
    return read_as(sign1, cls)


def parse_as(raw: bytes, cls: type[B]) -> Message[B]:
    """Read a message of the one class that is expected. Raises as `parse_message` does."""
    message = parse_message(raw)
    if not isinstance(message.body, cls):
        raise WrongType(f"a {message.type}, where a {cls.NAME} is expected")
    return cast("Message[B]", message)
