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


_LATER_TYPES = (labels.FUNDING, labels.REFUND, labels.STATUS, labels.REVOCATION)


class Message:
    """One signed message.

    header, payload: decoded. protected, payload_raw: the bytes received. digest: 32 bytes. raw: the whole envelope.
    Trust nothing in a message before `verify` has returned.
    """

    def __init__(self, raw: bytes, protected: bytes, header: "Claims", payload_raw: bytes, signature: bytes) -> None:
        self.raw = raw
        self.protected = protected
        self.header = header
        self.payload_raw = payload_raw
        self.signature = signature
        self.payload = cbor.decode(payload_raw)
        self.digest = sha256(sig_structure(protected, payload_raw))

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
    return cbor.encode(["Signature1", protected, b"", payload])


def parse(raw: bytes, expected: int | None = None) -> "Message":
    """Split a tagged COSE_Sign1 into a `Message`, and check its type if `expected` is given.

    Raises Malformed, NotDeterministic or WrongType. Does not check the signature.
    """
    if not isinstance(raw, (bytes, bytearray, memoryview)):
        raise Malformed("a message is a byte string")
    raw = bytes(raw)
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
    header = cbor.decode(protected)
    _check_header(header, expected)
    return Message(raw, protected, header, payload, signature)


def _check_header(header: "Claims", expected: int | None) -> None:
    if not isinstance(header, dict) or header.get(labels.ALG) != labels.ES256:
        raise Malformed("the algorithm must be ES256")
    kid = header.get(labels.KID)
    if not isinstance(kid, bytes) or len(kid) != 8:
        raise Malformed("kid must have 8 bytes")
    kind = header.get(labels.TYP)
    number = kind if isinstance(kind, int) else 0
    if not labels.CERTIFICATE <= number <= labels.FIRMWARE_UPDATE and number not in _LATER_TYPES:
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
    header = {labels.ALG: labels.ES256, labels.KID: kid, labels.TYP: kind}
    if claims is not None:
        header[labels.CONTENT_TYPE] = labels.SENML_CBOR
        header[labels.CWT_CLAIMS] = claims
    return cbor.encode(header), cbor.encode(payload)


def envelope(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """The message's bytes."""
    return cbor.encode(cbor.Tag(18, [protected, {}, payload, signature]))


class Signer:
    """Signs messages with the key in one slot of a keystore.

    entropy: random bytes for the nonce (RFC 6979 section 3.6), or None for plain RFC 6979.
    """

    def __init__(self, keystore: "KeyStore", slot: int, kid: bytes, entropy: "Random | None" = None) -> None:
        self._keystore = keystore
        self._slot = slot
        self._entropy = entropy
        self.kid = kid

    def sign(self, kind: int, payload: "Item", claims: "Claims | None" = None) -> tuple[bytes, bytes]:
        """Sign `payload` as a message of type `kind`; returns (raw, digest). Raises Fault, BadKey, EntropyFailed."""
        protected, body = build(kind, self.kid, payload, claims)
        digest = sha256(sig_structure(protected, body))
        extra = self._entropy(32) if self._entropy else b""
        signature = self._keystore.sign(self._slot, digest, extra)
        return envelope(protected, body, signature), digest
