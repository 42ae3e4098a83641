"""A signed message: envelope and body together, read strictly or built.

Source: firmware/schema/sealwright.cddl. The protected header must hold exactly what the schema gives it for
its type; readings carry their claims there (RFC 9597). Reading checks form, never the signature: that needs
a key one trusts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast

from .. import cbor, cose
from ..errors import Malformed, WrongType
from ..keys import PublicKey
from ..labels import ALG, CONTENT_TYPE, CWT_CLAIMS, ES256, KID, SENML_CBOR, TYP
from .bodies import BODIES, Body
from .measurement import Reading, Record
from .schema import ANY, UINT, Bytes, ListOf, Struct, Unsigned, at, read, write

B = TypeVar("B", bound=Body)
B_co = TypeVar("B_co", bound=Body, covariant=True)

_CLASSES: Final[Mapping[int, type[Body]]] = {cls.TYPE: cls for cls in BODIES}
_RECORDS: Final = ListOf(Struct(Record))


@dataclass(frozen=True, slots=True)
class _Header:
    alg: int = field(metadata=at(ALG, Unsigned(ES256, ES256)))
    kid: bytes = field(metadata=at(KID, Bytes(8)))
    typ: int = field(metadata=at(TYP, UINT))


@dataclass(frozen=True, slots=True)
class _ReadingHeader(_Header):
    content_type: int = field(metadata=at(CONTENT_TYPE, Unsigned(SENML_CBOR, SENML_CBOR)))
    claims: Any = field(metadata=at(CWT_CLAIMS, ANY))


@dataclass(frozen=True, slots=True)
class Message(Generic[B_co]):
    """One signed message. `body` says what, `sign1` how."""

    sign1: cose.Sign1
    body: B_co

    @property
    def raw(self) -> bytes:
        """The bytes as received or built."""
        return self.sign1.raw

    @property
    def digest(self) -> bytes:
        """32 bytes: the message's name."""
        return self.sign1.digest

    @property
    def kid(self) -> bytes:
        """8 bytes: a hint at the signer."""
        return cast(bytes, self.sign1.kid)

    @property
    def type(self) -> str:
        """The name of the type in the schema, such as "channel-open"."""
        return self.body.NAME

    def signed_by(self, signer: PublicKey) -> bool:
        """Whether the signature is this key's."""
        return self.sign1.signed_by(signer)


def parse_message(raw: bytes) -> Message[Body]:
    """Read any message. Raises Malformed, NotDeterministic or WrongType; checks no signature."""
    sign1 = cose.parse(raw)
    typ = sign1.typ
    cls = _CLASSES.get(typ) if typ is not None else None
    if cls is None:
        raise WrongType(f"type {sign1.header.get(TYP)!r} in the protected header is none of Sealwright's")
    try:
        return Message(sign1, _body(cls, sign1))
    except Malformed as error:
        raise Malformed(f"{cls.NAME}: {error}") from error


def _body(cls: type[Body], sign1: cose.Sign1) -> Body:
    header = dict(sign1.header)
    if cls is Reading:
        claims = read(_ReadingHeader, header).claims
        return read(Reading, claims, records=_RECORDS.parse(cbor.decode(sign1.payload)))
    read(_Header, header)
    return read(cls, cbor.decode(sign1.payload))


def parse_as(raw: bytes, cls: type[B]) -> Message[B]:
    """Read a message of the one class that is expected. Raises as `parse_message` does."""
    message = parse_message(raw)
    if not isinstance(message.body, cls):
        raise WrongType(f"a {message.type}, where a {cls.NAME} is expected")
    return cast("Message[B]", message)


def sign_message(signer: cose.Signer, body: B) -> Message[B]:
    """Build and sign. Raises Malformed for a body that the schema does not allow."""
    header: dict[cbor.Key, cbor.Value] = {TYP: body.TYPE}
    content: cbor.Value = write(body)
    if isinstance(body, Reading):
        header |= {CONTENT_TYPE: SENML_CBOR, CWT_CLAIMS: content}
        content = _RECORDS.dump(body.records)
    sign1 = cose.sign(signer, header, cbor.encode(content))
    return parse_as(sign1.raw, type(body))
