"""The certificate of a hub's own broker: a CA of its own, made at the first run, which devices are given.

Limits: EC P-256. The CA lasts 30 years, since devices keep it; the server's certificate a year, and is made anew when
two thirds of it are over, or when it lacks a name. Keys are plain files of the home's owner, mode 600.
"""

import ipaddress
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ..files import write_output

CA_LIFE: Final = timedelta(days=30 * 365)
LIFE: Final = timedelta(days=365)
_EARLY: Final = timedelta(hours=1)  # a device's clock may be behind
_RENEW: Final = timedelta(days=120)  # before it ends
_NAME: Final = "Sealwright hub"


def ensure(folder: Path, hosts: list[str], of_authority: Path | None = None) -> tuple[Path, Path, Path]:
    """The CA's certificate, the server's, and the server's key, in this folder, made where they are missing or end
    soon. hosts: names and addresses that devices know the broker by. of_authority: the CA's folder, if it is another
    one. Raises OSError, Usage."""
    above = of_authority or folder
    authority, certificate, key = above / "ca.pem", folder / "server.pem", folder / "server.key"
    if not authority.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        _save_key(above / "ca.key", made)
        _save(authority, _issue(made, made.public_key(), _NAME, None, CA_LIFE))
    if not key.exists() or not _is_good(certificate, hosts):
        signer = load_pem_private_key((above / "ca.key").read_bytes(), None)
        assert isinstance(signer, ec.EllipticCurvePrivateKey)
        own = ec.generate_private_key(ec.SECP256R1())
        _save_key(key, own)
        _save(certificate, _issue(signer, own.public_key(), hosts[0], hosts, LIFE))
    return authority, certificate, key


def _is_good(path: Path, hosts: list[str]) -> bool:
    with suppress(OSError, ValueError, x509.ExtensionNotFound):
        found = x509.load_pem_x509_certificate(path.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        lasts = found.not_valid_after_utc - _RENEW > datetime.now(UTC)
        return lasts and all(_alternative(host) in names for host in hosts)
    return False


def _issue(
    signer: ec.EllipticCurvePrivateKey,
    public: ec.EllipticCurvePublicKey,
    name: str,
    hosts: list[str] | None,
    life: timedelta,
) -> x509.Certificate:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)]),
        subject_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])]),
        public_key=public,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _EARLY,
        not_valid_after=now + life,
    ).add_extension(x509.BasicConstraints(ca=hosts is None, path_length=None), critical=True)
    if hosts is not None:
        made = made.add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
    return made.sign(signer, hashes.SHA256())


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _save(path: Path, certificate: x509.Certificate) -> None:
    write_output(path, certificate.public_bytes(Encoding.PEM))


def _save_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_output(path, data, private=True)
