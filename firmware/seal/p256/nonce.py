"""Nonces for ECDSA: RFC 6979 section 3.2, with section 3.6's added entropy. The same for every engine.

RFC 6979's generator is HMAC_DRBG seeded with the key and the digest (its section 3.3), so it shares
`hmac_drbg`. Added entropy takes the place of a personalization string: a signature then depends on fresh
randomness, which defeats fault attacks that need one nonce twice, and stays safe when that randomness is
worthless.
Limits: SHA-256 and P-256 only, where digest, order and nonce are all 256 bits. The secret stays bytes.
"""

from ..hmac_drbg import HmacDrbg
from .curve import N, is_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator


def candidates(secret32: bytes, digest32: bytes, extra: bytes = b"") -> "Iterator[bytes]":
    """Yield nonces of 32 bytes, each in 1..N-1, without end: the next is for when one gave r or s = 0.

    `digest32` is the hash of the message; `extra` is added entropy of any length, b"" for none.
    """
    reduced = int.from_bytes(digest32, "big") % N  # bits2octets; the digest is no secret
    drbg = HmacDrbg(bytes(secret32) + reduced.to_bytes(32, "big") + extra)
    while True:
        nonce = drbg.block()
        if is_scalar(nonce):
            yield nonce
        drbg.update()
