"""Tagged COSE_Sign1 with ES256, the envelope of every message.

Source: RFC 9052 sections 4.2 and 4.4, RFC 9053 section 2.1. Profile: tag 18, core deterministic CBOR inside
and out, algorithm ES256 in the protected header, unprotected header empty, payload present, external_aad
empty, signature raw r || s. A signature is checked over the bytes received, never over a re-encoding. What
else the header holds is the message layer's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from ..errors import BadSignature, Malformed
from . import cbor
from .keys import PublicKey
from .labels import ALG, COSE_SIGN1_TAG, ES256, KID, TYP


class Signer(Protocol):
    """Whatever can sign for a public key: `PrivateKey`, or a device behind a link."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies what `sign` makes."""

    def sign(self, digest: bytes) -> bytes:
        """64 bytes r || s over a 32-byte digest."""


BEGIN: Final = b"\x84\x6aSignature1"  # an array of four, and its first element


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """The bytes that are signed (RFC 9052 section 4.4), with empty external_aad."""
    return b"".join((BEGIN, _string_head(len(protected)), protected, b"\x40", _string_head(len(payload)), payload))


def _string_head(size: int) -> bytes:
    """The head of a byte string in its shortest form (RFC 8949 section 3)."""
    if size < 24:
        return bytes((0x40 + size,))
    if size < 0x100:
        return bytes((0x58, size))
    return b"\x59" + size.to_bytes(2, "big") if size < 0x10000 else b"\x5a" + size.to_bytes(4, "big")


def digest_of(protected: bytes, payload: bytes) -> bytes:
    """SHA-256 of the Sig_structure, 32 bytes: a message's name."""
    return sha256(sig_structure(protected, payload)).digest()


@dataclass(frozen=True, slots=True)
class Sign1:
    """One envelope as received. `digest` (32 bytes) is SHA-256 of its Sig_structure: its only name."""

    raw: bytes
    protected: bytes
    payload: bytes
    signature: bytes
    header: Mapping[cbor.Key, cbor.Value]
    digest: bytes

    @property
    def kid(self) -> bytes | None:
        """The key hint of the protected header, if it has one."""
        kid = self.header.get(KID)
        return kid if isinstance(kid, bytes) else None

    @property
    def typ(self) -> int | None:
        """The message type of the protected header (RFC 9596), if it is a number."""
        typ = self.header.get(TYP)
        return typ if isinstance(typ, int) and not isinstance(typ, bool) else None

    def signed_by(self, key: PublicKey) -> bool:
        """Whether the signature is this key's."""
        return key.verify(self.digest, self.signature)

    def require(self, key: PublicKey) -> None:
        """Raise BadSignature unless the signature is this key's."""
        if not self.signed_by(key):
            raise BadSignature(f"not signed by {key.did}")


def parse(raw: bytes) -> Sign1:
    """Take an envelope apart. Raises Malformed or NotDeterministic; checks no signature."""
    raw = bytes(raw)
    tagged = cbor.decode(raw)
    if not isinstance(tagged, cbor.Tag) or tagged.number != COSE_SIGN1_TAG:
        raise Malformed("not a tagged COSE_Sign1 (tag 18)")
    parts = tagged.value
    if not isinstance(parts, list) or len(parts) != 4:
        raise Malformed("a COSE_Sign1 is an array of four")
    protected, unprotected, payload, signature = parts
    if not isinstance(protected, bytes):
        raise Malformed("the protected header is not a byte string")
    if unprotected != {}:
        raise Malformed("the unprotected header is not an empty map")
    if not isinstance(payload, bytes):
        raise Malformed("the payload is not present as a byte string")
    if not isinstance(signature, bytes) or len(signature) != 64:
        raise Malformed("the signature is not 64 bytes r || s")
    header = cbor.decode(protected)
    if not isinstance(header, dict):
        raise Malformed("the protected header is not a map")
    if header.get(ALG) != ES256:
        raise Malformed("the algorithm in the protected header is not ES256")
    digest = digest_of(protected, payload)
    return Sign1(raw, protected, payload, signature, header, digest)


def sign(key: Signer, header: Mapping[cbor.Key, cbor.Value], payload: bytes) -> Sign1:
    """Sign `payload` under `header`, to which the algorithm and the key's kid are added.

    Raises Malformed for what CBOR cannot hold.
    """
    full = {ALG: ES256, KID: key.public.kid, **header}
    protected = cbor.encode(full)
    digest = digest_of(protected, payload)
    signature = key.sign(digest)
    raw = cbor.encode(cbor.Tag(COSE_SIGN1_TAG, [protected, {}, payload, signature]))
    return Sign1(raw, protected, payload, signature, full, digest)
