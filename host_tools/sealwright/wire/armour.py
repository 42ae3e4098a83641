"""Certificates as text: base64 between lines that say what it is (RFC 7468 section 2), for files and mail."""

import base64
import binascii
import re
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from ..errors import BadCertificate, Rejected
from .messages import Certificate, Message, parse_as

_PEM: Final = re.compile(
    rb"-----BEGIN SEALWRIGHT CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END SEALWRIGHT CERTIFICATE-----"
)
_LABEL: Final = re.compile(rb"-----BEGIN ([A-Z0-9][A-Z0-9 ]{1,40})-----")


def to_pem(certificate: Message[Certificate]) -> bytes:
    """Text armour (RFC 7468 section 2) around the message, labelled SEALWRIGHT CERTIFICATE."""
    lines = base64.encodebytes(certificate.raw).replace(b"\n", b"")
    body = b"\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
    return b"-----BEGIN SEALWRIGHT CERTIFICATE-----\n" + body + b"\n-----END SEALWRIGHT CERTIFICATE-----\n"


def from_pem(pem: bytes) -> list[Message[Certificate]]:
    """The certificates in text armour, in order; other text is skipped. Raises BadCertificate if none."""
    found = []
    for match in _PEM.finditer(pem):
        try:
            found.append(parse_as(base64.b64decode(match[1], validate=False), Certificate))
        except (binascii.Error, Rejected) as error:
            why = str(error) if isinstance(error, Rejected) else "its base64 is cut off or altered"
            raise BadCertificate(f"a certificate in the file cannot be read: {why}") from error
    if not found:
        remedy = "Give the root.pem that `sealwright init` wrote."
        raise BadCertificate(f"it holds {_other_content(pem)}", remedy=remedy)
    return found


def _other_content(pem: bytes) -> str:
    """What a file that should hold certificates holds instead, in words."""
    labels = [label.decode("ascii") for label in _LABEL.findall(pem)]
    label = next((label for label in labels if label != "EC PARAMETERS"), None)
    if label is None:
        return "no PEM" if pem.strip() else "nothing at all"
    if label == "SEALWRIGHT CERTIFICATE":
        return "a SEALWRIGHT CERTIFICATE that is cut off or altered"
    kind = f" ({_key_kind(pem, label)})" if label.endswith(" KEY") else ""
    return f"{'an' if label[0] in 'AEIOU' else 'a'} {label}{kind} and no SEALWRIGHT CERTIFICATE"


def _key_kind(pem: bytes, label: str) -> str:
    try:
        private = label.endswith("PRIVATE KEY")
        key = load_pem_private_key(pem, None) if private else load_pem_public_key(pem)
    except UnsupportedAlgorithm as error:
        return str(error).splitlines()[0]
    except (ValueError, TypeError):  # TypeError: it is encrypted
        return "unreadable"
    if isinstance(key, EllipticCurvePrivateKey | EllipticCurvePublicKey):
        return f"a key on the curve {key.curve.name}"
    return "not of an elliptic curve"
