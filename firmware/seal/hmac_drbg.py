"""HMAC-SHA256 (RFC 2104) and HMAC_DRBG over it (SP 800-90A section 10.1.2).

Two uses: `entropy` draws random bytes from this generator, and RFC 6979 seeds it with a key and a digest
(`p256.nonce`).
Limits: the generator adds no entropy; the caller answers for the seed.
"""

import hashlib

from .errors import Malformed

MAX_REQUEST = 8192  # bytes in one request: 2^16 bits, SP 800-90A table 2

_BLOCK = 64


def _pads(key: bytes) -> tuple[bytearray, bytearray]:
    """The blocks that begin the inner and the outer hash."""
    inner, outer = bytearray(b"\x36" * _BLOCK), bytearray(b"\x5c" * _BLOCK)
    for i in range(len(key)):
        inner[i] ^= key[i]
        outer[i] ^= key[i]
    return inner, outer


def _hmac(pads: tuple[bytearray, bytearray], data: bytes) -> bytes:
    inner = hashlib.sha256(pads[0])
    inner.update(data)
    outer = hashlib.sha256(pads[1])
    outer.update(inner.digest())
    return outer.digest()


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 of `data` under `key`, both bytes-like of any length; 32 bytes."""
    return _hmac(_pads(key if len(key) <= _BLOCK else hashlib.sha256(key).digest()), data)


class HmacDrbg:
    """HMAC_DRBG with SHA-256. `seed` is entropy || nonce || personalization, in that order."""

    def __init__(self, seed: bytes) -> None:
        self._pads = _pads(bytes(32))  # of the key
        self._value = b"\x01" * 32
        self.update(seed)

    def update(self, data: bytes = b"") -> None:
        """Mix in `data`: new entropy || additional input (SP 800-90A sections 10.1.2.2, 10.1.2.4)."""
        self._pads = _pads(_hmac(self._pads, self._value + b"\x00" + data))
        self._value = _hmac(self._pads, self._value)
        if data:
            self._pads = _pads(_hmac(self._pads, self._value + b"\x01" + data))
            self._value = _hmac(self._pads, self._value)

    def generate(self, size: int, extra: bytes = b"") -> bytes:
        """`size` pseudorandom bytes; `extra` is additional input. Raises Malformed past MAX_REQUEST bytes."""
        if not 0 <= size <= MAX_REQUEST:
            raise Malformed("one request gives 0 to %d random bytes" % MAX_REQUEST)
        if extra:
            self.update(extra)
        out = b""
        while len(out) < size:
            out += self.block()
        self.update(extra)
        return out[:size]

    def block(self) -> bytes:
        """The next 32 bytes. Call `update` before the next request."""
        self._value = _hmac(self._pads, self._value)
        return self._value
