"""COSE_Sign1 with ES256 (RFC 9052 section 4.2, RFC 9053 section 2.1), the only envelope on the wire.

The digest of a message, SHA-256 of its Sig_structure, is its only name: ES256 signatures are malleable, so one message
has many envelopes. Signatures are checked over the bytes received, never over a re-encoding.
"""

from . import cbor, labels, p256
from .compat import sha256
from .errors import BadSignature, Malformed, WrongType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ports import Claims, Item, KeyStore, Random


CONTEXT = b"\x84\x6aSignature1"  # how a Sig_structure begins
_PLAIN = b"\xa3\x01\x26\x04\x48"  # how the header of everything but a reading begins: alg, and the head of kid
_PLAIN_TYP = b"\x10\x19"  # what follows the kid: the key typ, and the head of a number of two bytes
_OF_OWNERS = (labels.TRANSFER, labels.DELEGATION)
_LATER_TYPES = (labels.FUNDING, labels.REFUND, labels.STATUS, labels.REVOCATION, labels.OFFER, labels.ROTATION)


class Message:
    """One signed message.

    header, payload: decoded. digest: 32 bytes. raw: the whole envelope.
    Trust nothing in a message before `verify` has returned.
    """

    def __init__(self, raw: bytes, header: "Claims", payload_raw: bytes, signature: bytes, signed: bytes) -> None:
        self.raw = raw
        self.header = header
        self.signature = signature
        self.payload = cbor.decode(payload_raw)
        self.digest = sha256(signed)

    @property
    def type(self) -> int:
        return self.header[labels.TYP]

    @property
    def kid(self) -> bytes:
        return self.header[labels.KID]

    def verify(self, public: bytes) -> "Message":
        """Raise BadSignature unless the key `public` (64 bytes, X || Y) signed this message."""
        if not p256.verify(public, self.digest, self.signature):
            raise BadSignature("the signature is not by the expected key")
        return self


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure (RFC 9052 section 4.4) with an empty external_aad: the input of the signature's hash."""
    return b"".join((CONTEXT, cbor.head(2, len(protected)), protected, b"\x40", cbor.head(2, len(payload)), payload))


def _split(raw: bytes) -> "tuple[bytes, bytes, bytes, bytes] | None":
    """(protected header, payload, signature, Sig_structure) of a deterministic envelope, by slices: a quarter of the
    work of decoding it and encoding the structure. None for anything else, whose fault `_decode` finds."""
    if raw[:2] != b"\xd2\x84":
        return None
    header = _string(raw, 2)
    if header is None or raw[header[1] : header[1] + 1] != b"\xa0":
        return None
    payload = _string(raw, header[1] + 1)
    if payload is None or len(raw) != payload[1] + 66 or raw[payload[1] : payload[1] + 2] != b"\x58\x40":
        return None
    signed = CONTEXT + raw[2 : header[1]] + b"\x40" + raw[header[1] + 1 : payload[1]]
    return raw[header[0] : header[1]], raw[payload[0] : payload[1]], raw[payload[1] + 2 :], signed


def _string(raw: bytes, at: int) -> "tuple[int, int] | None":
    """(start, end) of the content of the byte string whose head is at `at`; None for another item or a longer head
    than it needs."""
    head, left = raw[at : at + 1], len(raw) - at
    if b"\x40" <= head < b"\x58":
        start, size = at + 1, head[0] - 0x40
    elif head == b"\x58" and left > 1 and raw[at + 1] >= 24:
        start, size = at + 2, raw[at + 1]
    elif head == b"\x59" and left > 2 and raw[at + 1]:
        start, size = at + 3, int.from_bytes(raw[at + 1 : at + 3], "big")
    else:
        return None
    return (start, start + size) if start + size <= len(raw) else None


def digest_of(raw: bytes) -> bytes | None:
    """The digest of a message that this device has parsed before; None where `raw` is no message."""
    parts = _split(raw)
    return None if parts is None else sha256(parts[3])


def parse(raw: bytes, expected: int | None = None) -> "Message":
    """Split a tagged COSE_Sign1 into a `Message`, and check its type if `expected` is given.

    Raises Malformed, NotDeterministic or WrongType. Does not check the signature.
    """
    if not isinstance(raw, (bytes, bytearray, memoryview)):
        raise Malformed("a message is a byte string")
    raw = bytes(raw)
    protected, payload, signature, signed = _split(raw) or _decode(raw)
    header = read_header(protected, expected)
    return Message(raw, header, payload, signature, signed)


def read_header(protected: bytes, expected: int | None = None) -> "Claims":
    """The protected header, checked. Raises Malformed, NotDeterministic or WrongType."""
    header = _plain_header(protected) or cbor.decode(protected)
    _check_header(header, expected)
    return header


def _plain_header(protected: bytes) -> "Claims | None":
    """{alg: ES256, kid: 8 bytes, typ: 256..65535} from its bytes, by slices; None for any other header."""
    if len(protected) != 17 or protected[:5] != _PLAIN or protected[13:15] != _PLAIN_TYP:
        return None
    kind = protected[15] << 8 | protected[16]
    return {labels.ALG: labels.ES256, labels.KID: protected[5:13], labels.TYP: kind} if kind > 255 else None


def _decode(raw: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    envelope = cbor.decode(raw)
    if not isinstance(envelope, cbor.Tag) or envelope.number != 18:
        raise Malformed("not a tagged COSE_Sign1")
    parts = envelope.value
    if not isinstance(parts, list) or len(parts) != 4:
        raise Malformed("a COSE_Sign1 has four parts")
    protected, unprotected, payload, signature = parts
    if not isinstance(protected, bytes) or not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise Malformed("header, payload and signature are byte strings")
    if unprotected != {} or not isinstance(unprotected, dict):
        raise Malformed("the unprotected header must be an empty map")
    if len(signature) != 64:
        raise Malformed("an ES256 signature has 64 bytes")
    return protected, payload, signature, sig_structure(protected, payload)


def _check_header(header: "Claims", expected: int | None) -> None:
    if not isinstance(header, dict) or header.get(labels.ALG) != labels.ES256:
        raise Malformed("the algorithm must be ES256")
    kid = header.get(labels.KID)
    if not isinstance(kid, bytes) or len(kid) != 8:
        raise Malformed("kid must have 8 bytes")
    kind = header.get(labels.TYP)
    number = kind if isinstance(kind, int) else 0
    if (
        not labels.CERTIFICATE <= number <= labels.FIRMWARE_UPDATE
        and number not in _LATER_TYPES
        and number not in _OF_OWNERS
    ):
        raise WrongType("message type %s is unknown" % kind)
    if expected is not None and kind != expected:
        raise WrongType("message type %d, wanted %d" % (kind, expected))
    extra = len(header) - 3
    if kind == labels.READING:
        extra -= 2
        if header.get(labels.CONTENT_TYPE) != labels.SENML_CBOR or labels.CWT_CLAIMS not in header:
            raise Malformed("a reading's header has content type and claims")
    if extra:
        raise Malformed("unknown header parameter")


def build(kind: int, kid: bytes, payload: "Item", claims: "Claims | None" = None) -> tuple[bytes, bytes]:
    """The to-be-signed parts of a message: (protected, payload) as bytes. `claims` go into a reading's header."""
    if claims is None:
        return _PLAIN + kid + _PLAIN_TYP + bytes((kind >> 8, kind & 255)), cbor.encode(payload)
    header = {labels.ALG: labels.ES256, labels.KID: kid, labels.TYP: kind}
    header[labels.CONTENT_TYPE] = labels.SENML_CBOR
    header[labels.CWT_CLAIMS] = claims
    return cbor.encode(header), cbor.encode(payload)


def envelope(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """The message's bytes. signature: 64 bytes."""
    heads = cbor.head(2, len(protected)), cbor.head(2, len(payload))
    return b"".join((b"\xd2\x84", heads[0], protected, b"\xa0", heads[1], payload, b"\x58\x40", signature))


class Signer:
    """Signs messages with the key in one slot of a keystore.

    entropy: random bytes for the nonce (RFC 6979 section 3.6), or None for plain RFC 6979.
    """

    def __init__(self, keystore: "KeyStore", slot: int, kid: bytes, entropy: "Random | None" = None) -> None:
        self._keystore = keystore
        self._slot = slot
        self._entropy = entropy
        self.kid = kid

    def move(self, slot: int) -> None:
        """Sign with the key in this slot from now on, under the same kid."""
        self._slot = slot

    def sign(self, kind: int, payload: "Item", claims: "Claims | None" = None) -> tuple[bytes, bytes]:
        """Sign `payload` as a message of type `kind`; returns (raw, digest). Raises Fault, BadKey, EntropyFailed."""
        protected, body = build(kind, self.kid, payload, claims)
        digest = sha256(sig_structure(protected, body))
        extra = self._entropy(32) if self._entropy else b""
        signature = self._keystore.sign(self._slot, digest, extra)
        return envelope(protected, body, signature), digest
