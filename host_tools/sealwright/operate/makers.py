"""The certificate that a chip's maker gave the key by which the chip signs, checked up to a root that the user named.

X.509 (RFC 5280), as Microchip makes them: the subject's common name is "sn" and the chip's serial number. The file of
the user, or the home's chip-roots.pem, has the maker's root and whatever is between it and the chips, in PEM.
"""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ..errors import Rejected, Usage

_REMEDY = "Use a chip straight from its maker, and the root from the maker's own site."
_MOST = 4  # certificates between a chip and its root


def load_makers(path: Path) -> list[x509.Certificate]:
    """The certificates in a PEM file. Raises Usage."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", remedy="Check the path.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        remedy = "It must have X.509 certificates in PEM: the root of the chip's maker first of all."
        raise Usage(f"{path} has no certificates", remedy=remedy, code="bad_chip_roots") from error


def check_maker(
    certificate: bytes, attestation: bytes, serial: bytes, known: list[x509.Certificate], now: int
) -> bytes:
    """The SHA-256 of the self-signed certificate in `known` that a chip's leads to. attestation: X || Y of the key that
    it must be for. now: unix seconds. Raises Rejected (chip_certificate)."""
    moment = datetime.fromtimestamp(now, UTC)
    try:
        leaf = x509.load_der_x509_certificate(certificate)
        _check_leaf(leaf, attestation, serial)
        return _root_of(leaf, known, moment).fingerprint(hashes.SHA256())
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType) as error:
        raise _bad("it is no X.509 certificate") from error


def _check_leaf(leaf: x509.Certificate, attestation: bytes, serial: bytes) -> None:
    public = leaf.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise _bad("it is not for a key on P-256")
    numbers = public.public_numbers()
    if numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big") != attestation:
        raise _bad("it is for another key than the one that the chip signs with")
    names = [str(name.value).lower() for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [f"sn{serial.hex()}"]:
        raise _bad(f"it is not for the chip {serial.hex()}")


def _root_of(leaf: x509.Certificate, known: list[x509.Certificate], moment: datetime) -> x509.Certificate:
    """Go up from `leaf`, through certificates that may issue, to one that issued itself."""
    current = leaf
    for _ in range(_MOST):
        if not current.not_valid_before_utc <= moment <= current.not_valid_after_utc:
            raise _bad("a certificate on the way to its root is not valid today")
        issuer = next((one for one in known if _may_issue(one) and _issued(one, current)), None)
        if issuer is None:
            raise _bad("no certificate that you trust issued it")
        if issuer == current:
            return issuer
        current = issuer
    raise _bad("its way to a root is too long")


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        extensions = certificate.extensions
        if not extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
    except x509.ExtensionNotFound:
        return False
    try:
        return extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return True


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _bad(why: str) -> Rejected:
    return Rejected(
        f"the chip's certificate by its maker does not hold: {why}", remedy=_REMEDY, code="chip_certificate"
    )
