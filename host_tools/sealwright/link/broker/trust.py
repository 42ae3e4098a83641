"""Whether a broker is the one that it should be: its certificate, and why one is refused.

A refusal names what the broker shows (names, dates, issuer), so that each cause gets its own remedy.
"""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ...errors import Rejected, Usage
from .address import PASSWORD, Broker

MAX_AUTHORITY: Final = 2048  # bytes that a device takes
_LOOK_SECONDS: Final = 5.0

# Reasons of OpenSSL (x509_vfy.h), which Python gives as numbers
_NOT_YET, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_ABOVE, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 18, 19, 62, 64
_PLAIN = ("wrong version number", "record layer failure", "packet length", "unexpected eof")  # another protocol
_OTHER_CA = frozenset({2, 7, 20, 21})  # no issuer, or its signature does not hold


def authority_der(path: Path) -> bytes:
    """The CA's certificate in a PEM file, as a device takes it. Raises Usage."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise Usage(f"cannot read {path}: {error.strerror}", remedy="Check the path.") from error
    except ValueError as error:
        raise Usage(f"{path} is no certificate in PEM", remedy="Give the CA that certified the broker.") from error
    if len(found) != 1:
        raise Usage(f"{path} holds {len(found)} certificates", remedy="Give only the CA that certified the broker.")
    _check_authority(path, found[0])
    der = found[0].public_bytes(Encoding.DER)
    if len(der) > MAX_AUTHORITY:
        remedy = "Use a CA with a key on P-256, or the intermediate that signed the broker's certificate."
        raise Usage(f"the certificate in {path} is over {MAX_AUTHORITY} bytes", remedy=remedy)
    return der


def _check_authority(path: Path, found: x509.Certificate) -> None:
    now = datetime.now(UTC)
    if found.issuer != found.subject and not _is_authority(found):
        remedy = f"Give the certificate of the CA that issued it: {_name(found.issuer)}."
        raise Usage(f"{path} is the certificate of {_names(found)}, not of a CA", remedy=remedy, code="not_a_ca")
    if found.not_valid_after_utc < now:
        remedy = "Give the CA's new certificate, which the broker's must be signed by too."
        why = f"the CA certificate in {path} expired on {_day(found.not_valid_after_utc)}"
        raise Usage(why, remedy=remedy, code="ca_expired")
    if found.not_valid_before_utc > now:
        why = f"the CA certificate in {path} is not valid before {_day(found.not_valid_before_utc)}"
        raise Usage(why, remedy="Check this computer's clock.", code="ca_not_yet_valid")


def _is_authority(found: x509.Certificate) -> bool:
    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def context(broker: Broker) -> ssl.SSLContext:
    """TLS that takes a broker of this name with a certificate by its CA alone, as a device does: the CA may be an
    intermediate. Raises Usage where the CA's file is none."""
    if broker.authority is None:
        return ssl.create_default_context()
    authority_der(broker.authority)
    made = ssl.create_default_context(cafile=str(broker.authority))
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python 3.13's default: it refuses CAs that devices take
    return made


def refusal(broker: Broker, error: ssl.SSLCertVerificationError) -> Rejected:
    """Why a broker's certificate is refused, and what to do about that."""
    shown = _shown(broker)
    code, why, remedy = _explain(broker, error, shown)
    return Rejected(f"the certificate of the broker {broker.name} {why}", remedy=remedy, code=code)


def _explain(
    broker: Broker, error: ssl.SSLCertVerificationError, shown: x509.Certificate | None
) -> tuple[str, str, str]:
    """(code, what is wrong with it, remedy)."""
    reason = error.verify_code
    by = "" if shown is None else f" by {_name(shown.issuer)}"
    if reason == _EXPIRED:
        on = "" if shown is None else f" on {_day(shown.not_valid_after_utc)}"
        return "broker_expired", f"expired{on}", "Renew it at the broker; if it is good, check this computer's clock."
    if reason == _NOT_YET:
        on = "" if shown is None else f" before {_day(shown.not_valid_before_utc)}"
        return "broker_not_yet_valid", f"is not valid{on or ' yet'}", "Check this computer's clock, then the broker's."
    if reason in (_OTHER_NAME, _OTHER_ADDRESS):
        names = "" if shown is None else f": it is for {_names(shown)}"
        remedy = "Name the broker as its certificate does, or have it certified for this name too."
        return "broker_other_name", f"is not for {broker.host}{names}", remedy
    if reason == _SELF_SIGNED:
        remedy = f"If it is your broker's, give that certificate itself as the CA. {_KEEP}"
        return "broker_self_signed", "is signed by no CA but by itself", remedy
    if reason in _OTHER_CA or reason == _SELF_SIGNED_ABOVE:
        known = "a CA that this system trusts" if broker.authority is None else f"the CA in {broker.authority}"
        return "broker_other_ca", f"is{by}, and not by {known}", f"Give the CA that certified it. {_KEEP}"
    return "bad_broker", f"is refused: {error.verify_message}", f"Check the broker's certificate. {_KEEP}"


_KEEP: Final = "`sealwright owner network --ca FILE` keeps it in the home."


def not_tls(broker: Broker, error: ssl.SSLError) -> tuple[str, str]:
    """(cause, remedy) where TLS fails for another reason than the certificate."""
    reason = (error.reason or str(error)).replace("_", " ").lower()
    if any(word in reason for word in _PLAIN):
        return f"{broker.name} answers without TLS", "Name the port where the broker takes TLS, mostly 8883."
    if "certificate required" in reason:
        remedy = f"Let it take users by password: mqtts://USER@HOST and ${PASSWORD}."
        return f"the broker {broker.name} wants a certificate of ours", remedy
    return f"TLS with {broker.name} fails: {reason}", "Check the broker's TLS settings: 1.2 or newer."


def _shown(broker: Broker) -> x509.Certificate | None:
    """The certificate that the broker shows, unchecked: for the error's text alone."""
    try:
        text = ssl.get_server_certificate((broker.host, broker.port), timeout=_LOOK_SECONDS)
        return x509.load_pem_x509_certificate(text.encode())
    except (OSError, ValueError):
        return None


def _names(found: x509.Certificate) -> str:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return _name(found.subject)
    listed = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return ", ".join(listed) or _name(found.subject)


def _name(name: x509.Name) -> str:
    return name.rfc4514_string() or "no name"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
