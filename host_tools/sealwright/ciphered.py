"""A stream of bytes encrypted with a passphrase, so that a change, a cut or another order of its pieces shows.

    MAGIC | salt, 16 | check, 16 | pieces

scrypt (RFC 7914; N = 2^16, r = 8, p = 1: 64 MB) makes of passphrase and salt a key of 32 bytes and the check, by which
a wrong passphrase is told from damage. Each piece of 65,536 bytes is sealed by AES-256-GCM, with its number for a nonce
and MAGIC, salt and check as associated data. The last piece is shorter than that, or empty: a stream that ends with a
whole one was cut. A salt is new for each stream, so no nonce comes twice.

Limits: it shows how long its content is. Somebody who knows the passphrase can change all of it.
"""

import os
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from .errors import Rejected, Usage

MAGIC: Final = b"sealwright encrypted 1\n"
_SALT: Final = 16
_CHECK: Final = 16
_KEY: Final = 32
_PIECE: Final = 65536
_TAG: Final = 16


class Damaged(Rejected):
    """A stream that is not as it was written."""

    code = "damaged"
    remedy = "Transfer it again, or take another copy."


def _derived(passphrase: bytes, salt: bytes) -> tuple[bytes, bytes]:
    both = Scrypt(salt=salt, length=_KEY + _CHECK, n=2**16, r=8, p=1).derive(passphrase)
    return both[:_KEY], both[_KEY:]


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


class Writer:
    """Encrypts what is written, into `out`. Nothing of it can be read before `finish`."""

    def __init__(self, out: BinaryIO, passphrase: bytes) -> None:
        salt = os.urandom(_SALT)
        key, check = _derived(passphrase, salt)
        self._out, self._cipher, self._head = out, AESGCM(key), MAGIC + salt + check
        self._waiting = bytearray()
        self._number = 0
        out.write(self._head)

    def write(self, data: bytes) -> int:
        """Take more bytes. Raises OSError."""
        self._waiting += data
        while len(self._waiting) >= _PIECE:
            self._seal(bytes(self._waiting[:_PIECE]))
            del self._waiting[:_PIECE]
        return len(data)

    def finish(self) -> None:
        """Write the last piece, which every stream has. Raises OSError."""
        self._seal(bytes(self._waiting))

    def _seal(self, piece: bytes) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._number), piece, self._head))
        self._number += 1


class Reader:
    """Reads what a Writer wrote, from a file that begins with MAGIC. Raises Damaged, and Usage without the right
    passphrase."""

    def __init__(self, file: BinaryIO, passphrase: bytes | None) -> None:
        file.read(len(MAGIC))
        salt, check = file.read(_SALT), file.read(_CHECK)
        if len(check) != _CHECK:
            raise Damaged("it was cut or changed")
        if not passphrase:
            remedy = "Put its passphrase into SEALWRIGHT_PASSPHRASE, or its file into --passphrase-file."
            raise Usage("the backup is encrypted", remedy=remedy, code="passphrase_missing")
        key, expected = _derived(passphrase, salt)
        if check != expected:
            remedy = "Give the one that it was made with, which is the home's where none was named."
            raise Usage("the passphrase does not open the backup", remedy=remedy, code="passphrase_wrong")
        self._file, self._cipher, self._head = file, AESGCM(key), MAGIC + salt + check
        self._plain = bytearray()
        self._number = 0
        self._is_done = False

    def read(self, size: int) -> bytes:
        """`size` bytes, fewer only at the end. Raises Damaged, OSError."""
        while len(self._plain) < size and not self._is_done:
            self._open()
        found = bytes(self._plain[:size])
        del self._plain[:size]
        return found

    def _open(self) -> None:
        sealed = self._file.read(_PIECE + _TAG)
        self._is_done = len(sealed) < _PIECE + _TAG
        try:
            self._plain += self._cipher.decrypt(_nonce(self._number), sealed, self._head)
        except (InvalidTag, ValueError) as error:  # ValueError: shorter than a tag
            raise Damaged("it was cut or changed") from error
        self._number += 1
