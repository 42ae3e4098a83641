"""A signed message: envelope and body together, read strictly or built.

Source: firmware/schema/sealwright.cddl. The protected header must hold exactly what the schema gives it for
its type; readings carry their claims there (RFC 9597). Reading checks form, never the signature: that needs
a key one trusts.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar, cast

from ...errors import Malformed
from .. import cbor, cose
from ..keys import PublicKey
from ..labels import ALG, CONTENT_TYPE, CWT_CLAIMS, ES256, KID, SENML_CBOR, TYP
from .measurement import Reading, Record
from .schema import ANY, UINT, Bytes, ListOf, Struct, Unsigned, at, read, write

_RECORDS: Final = ListOf(Struct(Record))


class AnyBody(Protocol):
    """What a class is that can be the body of a message."""

    TYPE: ClassVar[int]
    NAME: ClassVar[str]


B = TypeVar("B", bound=AnyBody)
B_co = TypeVar("B_co", bound=AnyBody, covariant=True)


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
    def signature(self) -> bytes:
        """64 bytes: r || s."""
        return self.sign1.signature

    @property
    def type(self) -> str:
        """The name of the type in the schema, such as "channel-open"."""
        return self.body.NAME

    def signed_by(self, signer: PublicKey) -> bool:
        """Whether the signature is this key's."""
        return self.sign1.signed_by(signer)


def read_as(sign1: cose.Sign1, cls: type[B]) -> Message[B]:
    """The message in an envelope whose type number is that of `cls`. Raises Malformed; checks no signature."""
    try:
        return Message(sign1, _body(cls, sign1))
    except Malformed as error:
        raise Malformed(f"{cls.NAME}: {error}") from error


def _body(cls: type[B], sign1: cose.Sign1) -> B:
    header = dict(sign1.header)
    if issubclass(cls, Reading):
        claims = read(_ReadingHeader, header).claims
        return read(cls, claims, records=_RECORDS.parse(cbor.decode(sign1.payload)))
    read(_Header, header)
    return read(cls, cbor.decode(sign1.payload))


def sign_message(signer: cose.Signer, body: B) -> Message[B]:
    """Build and sign. Raises Malformed for a body that the schema does not allow."""
    header: dict[cbor.Key, cbor.Value] = {TYP: body.TYPE}
    content: cbor.Value = write(body)
    if isinstance(body, Reading):
        header |= {CONTENT_TYPE: SENML_CBOR, CWT_CLAIMS: content}
        content = _RECORDS.dump(body.records)
    sign1 = cose.sign(signer, header, cbor.encode(content))
    return read_as(cose.parse(sign1.raw), type(body))
