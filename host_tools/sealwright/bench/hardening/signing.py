"""Signing images for secure boot v2, and checking them, by espsecure: RSA-3072 with PSS, as all three chips' ROMs do.

espsecure takes keys as files; they are given from memory, and none is ever written in plain text.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography.hazmat.primitives import serialization

from ...errors import Rejected, Usage
from ...files import write_output
from ...home.hardened import Hardenings
from ..flashing.esp import need_esptool, quiet_esptool

_SECTOR: Final = 4096


def make_signing_key(hardenings: Hardenings) -> bool:
    """Make the home's signing key, unless it has one; whether it was made. Raises BadKeyFile, Usage."""
    return hardenings.make_signing_key()


def sign_image(hardenings: Hardenings, image: Path, out: Path) -> int:
    """Sign a boot loader or an application as the build made it; the bytes written to `out`. Raises Usage, BadKeyFile,
    and Rejected for an image that espsecure does not sign."""
    need_esptool()
    data = read_image(image)
    key = hardenings.signing_key()
    form, none = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, form, none)
    with _refusals(image, "cannot be signed"), TemporaryDirectory() as folder:
        import espsecure

        signed = Path(folder) / "signed"  # public from here on
        espsecure.sign_secure_boot_v2([io.BytesIO(pem)], str(signed), False, False, None, [], [], _named(data, image))
        result = signed.read_bytes()
    write_output(out, result)
    return len(result)


def check_signed(hardenings: Hardenings, image: Path) -> bytes:
    """The bytes of an image that the home's signing key has signed. Raises Rejected (`not_signed`) for any other,
    Usage, BadKeyFile."""
    data = read_image(image)
    with _refusals(image, "is not signed by this home's key"):
        import espsecure

        espsecure.verify_signature_v2(False, None, io.BytesIO(_public_pem(hardenings)), io.BytesIO(data))
    return data


def digest_of(hardenings: Hardenings) -> bytes:
    """The 32 bytes that are burned for the home's signing key. Raises BadKeyFile."""
    import espsecure

    return bytes(espsecure._digest_sbv2_public_key(io.BytesIO(_public_pem(hardenings))))


def read_image(path: Path) -> bytes:
    """The bytes of a file. Raises Usage."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Usage(f"cannot read the image {path}: {error.strerror}", remedy="Check the path.") from error


def _public_pem(hardenings: Hardenings) -> bytes:
    public = hardenings.signing_key().public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _named(data: bytes, path: Path) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = str(path)
    return file


@contextmanager
def _refusals(path: Path, why: str) -> Iterator[None]:
    """What espsecure refuses, in our words."""
    from esptool.util import FatalError

    quiet_esptool()
    try:
        yield
    except (FatalError, AssertionError) as error:
        said = str(error).splitlines()[0] if str(error) else "it has no signature block"
        remedy = f"Sign what the build made: `sealwright harden sign {path.name} --out FILE`, then give that file."
        raise Rejected(f"{path} {why}: {said}", remedy=remedy, code="not_signed") from error
