"""Every body a message can have, in the order of their type numbers; reading a message of any of them.

Limits: no verifier judges the bodies from `Funding` on yet. So `parse_message`, which verifiers read with, refuses them
as it did before they were known: a verdict "ok" on what nobody checked would be worse. To have one judged, move its
class from `UnjudgedBody` to `Body`; the type checker then names what has to handle it.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast, get_args

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
)
UnjudgedBody: TypeAlias = Funding | Refund | Status | Revocation | Offer | Checkpoint | Rotation
KnownBody: TypeAlias = Body | UnjudgedBody
BODIES: Final[tuple[type[KnownBody], ...]] = (
    Certificate, Reading, ChannelOpen, Voucher, Receipt, Evidence, Grant, Command, ChannelClose, PeerProof,
    Firmware, FactoryRecord, Funding, Refund, Status, Revocation, Offer, Checkpoint, Rotation,
)  # fmt: skip
_CLASSES: Final[Mapping[int, type[Any]]] = {cls.TYPE: cls for cls in BODIES}
_UNJUDGED: Final[frozenset[int]] = frozenset(cls.TYPE for cls in get_args(UnjudgedBody))


def parse_message(raw: bytes) -> Message[Body]:
    """Read a message that verifiers judge. Raises Malformed, NotDeterministic or WrongType; checks no signature."""
    sign1 = cose.parse(raw)
    if sign1.typ in _UNJUDGED:
        raise WrongType(f"a {_CLASSES[sign1.typ].NAME}, which verifiers do not judge yet")
    return cast("Message[Body]", _read(sign1))


def parse_any(raw: bytes) -> Message[KnownBody]:
    """Read any message of the schema. Raises Malformed, NotDeterministic or WrongType; checks no signature."""
    return _read(cose.parse(raw))


def _read(sign1: cose.Sign1) -> Message[KnownBody]:
    cls = _CLASSES.get(sign1.typ) if sign1.typ is not None else None
    if cls is None:
        raise WrongType(f"type {sign1.header.get(TYP)!r} in the protected header is none of Sealwright's")
    return read_as(sign1, cls)


def parse_as(raw: bytes, cls: type[B]) -> Message[B]:
    """Read a message of the one class that is expected. Raises as `parse_any` does."""
    message = parse_any(raw)
    if not isinstance(message.body, cls):
        raise WrongType(f"a {message.type}, where a {cls.NAME} is expected")
    return cast("Message[B]", message)
