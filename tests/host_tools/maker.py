"""Makers of chips, for tests: authorities that issue X.509 certificates."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Maker:
    """An authority with a certificate of its own, self-signed or `by` another. start, end: of that, and by default of
    what it issues."""

    def __init__(self, text, by=None, is_authority=True, start=NOW - DAY, end=NOW + DAY):
        self.key, self.name, self.start, self.end = ec.generate_private_key(ec.SECP256R1()), name(text), start, end
        self.certificate = (by or self).issue(text, self.key.public_key(), is_authority, start, end)

    def issue(self, subject, public, is_authority=None, start=None, end=None):
        made = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(self.name).public_key(public)
        made = made.serial_number(7).not_valid_before(start or self.start).not_valid_after(end or self.end)
        if is_authority is not None:
            made = made.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        return made.sign(self.key, hashes.SHA256())
