"""HSS/LMS signatures, verified with hashlib alone (RFC 8554; the 24-byte sets of RFC 9858 section 3). No signer.

Hash-based signatures resist quantum computers. Supported: the SHA-256 parameter sets with 32 and with 24 bytes, one to
eight levels. Parsing is strict: an unexpected type, length or number makes the signature invalid.

Costs one SHA-256 for about half of each chain: 500 for Winternitz parameter 4 with 32 bytes, 4,300 for 8.
"""

import hashlib

from .errors import BadKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

MAX_LEVELS = 8

# LM-OTS type: hash bytes n, coefficient bits w, coefficients p, checksum shift (RFC 8554 table 1, RFC 9858 table 1)
_OTS: dict[int, tuple[int, ...]] = {
    1: (32, 1, 265, 7),
    2: (32, 2, 133, 6),
    3: (32, 4, 67, 4),
    4: (32, 8, 34, 0),
    5: (24, 1, 200, 8),
    6: (24, 2, 101, 6),
    7: (24, 4, 51, 4),
    8: (24, 8, 26, 0),
}
# LMS type: hash bytes m, height of the tree (RFC 8554 table 2, RFC 9858 table 2)
_LMS: dict[int, tuple[int, ...]] = {
    5: (32, 5),
    6: (32, 10),
    7: (32, 15),
    8: (32, 20),
    9: (32, 25),
    10: (24, 5),
    11: (24, 10),
    12: (24, 15),
    13: (24, 20),
    14: (24, 25),
}
_IDENTIFIER = 16
_PUBLIC_CHAIN = b"\x80\x80"  # D_PBLC, D_MESG, D_LEAF, D_INTR
_MESSAGE = b"\x81\x81"
_LEAF = b"\x82\x82"
_INTERIOR = b"\x83\x83"


class _Bad(Exception):
    """The signature or key is malformed."""


class _Reader:
    """Splits bytes into fields. Raises _Bad at the end of the data."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    def take(self, count: int) -> memoryview:
        start, self._at = self._at, self._at + count
        if self._at > len(self._data):
            raise _Bad()
        return self._data[start : self._at]

    def number(self) -> int:
        return int.from_bytes(bytes(self.take(4)), "big")

    def one_of(self, table: dict[int, tuple[int, ...]]) -> tuple[int, tuple[int, ...]]:
        """Read a type; returns (type, parameters). Raises _Bad unless `table` has the type."""
        kind = self.number()
        if kind not in table:
            raise _Bad()
        return kind, table[kind]

    def end(self) -> None:
        if self._at != len(self._data):
            raise _Bad()


class _Key:
    """An LMS public key: types, identifier I and root T[1] (RFC 8554 section 5.3). `raw`: its bytes."""

    def __init__(self, reader: "_Reader") -> None:
        self.lms, (self.size, self.height) = reader.one_of(_LMS)
        self.ots, (size, self.bits, self.count, self.shift) = reader.one_of(_OTS)
        if size != self.size:
            raise _Bad()
        self.identifier = bytes(reader.take(_IDENTIFIER))
        self.root = bytes(reader.take(size))
        head = self.lms.to_bytes(4, "big") + self.ots.to_bytes(4, "big")
        self.raw = head + self.identifier + self.root


def check_public(public: bytes) -> None:
    """Raise BadKey unless `public` is an HSS public key that `verify` supports."""
    try:
        _public(public)
    except _Bad:
        raise BadKey("no HSS public key with SHA-256, of one to %d levels" % MAX_LEVELS)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the HSS public key `public` signed `message` (RFC 8554 section 6.3); all three are bytes."""
    try:
        levels, key = _public(public)
        reader = _Reader(signature)
        if reader.number() != levels - 1:
            return False
        for _ in range(levels - 1):
            candidate = _candidate(key, reader)  # the message is the next level's key, which follows
            next_key = _Key(reader)
            if candidate(next_key.raw) != key.root:
                return False
            key = next_key
        candidate = _candidate(key, reader)
        reader.end()
        return candidate(message) == key.root
    except _Bad:
        return False


def _public(public: bytes) -> "tuple[int, _Key]":
    """(levels, top key) of an HSS public key. Raises _Bad."""
    reader = _Reader(public)
    levels = reader.number()
    if not 1 <= levels <= MAX_LEVELS:
        raise _Bad()
    key = _Key(reader)
    reader.end()
    return levels, key


def _candidate(key: "_Key", reader: "_Reader") -> "Callable[[bytes], bytes]":
    """Read one LMS signature; returns a function(message) -> candidate root (RFC 8554 algorithms 6a and 4b)."""
    leaf = reader.number()
    if leaf >> key.height or reader.number() != key.ots:
        raise _Bad()
    randomizer = reader.take(key.size)
    chains = reader.take(key.size * key.count)
    if reader.number() != key.lms:
        raise _Bad()
    path = reader.take(key.size * key.height)

    def root(message: bytes) -> bytes:
        prefix = key.identifier + leaf.to_bytes(4, "big")
        digest = _hash(key.size, prefix, _MESSAGE, randomizer, message)
        return _climb(key, leaf, _ends(key, prefix, digest, chains), path)

    return root


def _hash(size: int, *parts: bytes | memoryview) -> bytes:
    hasher = hashlib.sha256()
    for part in parts:
        hasher.update(part)
    return hasher.digest()[:size]


def _ends(key: "_Key", prefix: bytes, digest: bytes, chains: memoryview) -> bytes:
    """The candidate LM-OTS public key: every chain hashed to its end."""
    size, bits = key.size, key.bits
    maximum = (1 << bits) - 1
    digits = _digits(digest, bits)
    checksum = (len(digits) * maximum - sum(digits)) << key.shift
    digits += _digits(checksum.to_bytes(2, "big"), bits)
    ends = hashlib.sha256(prefix + _PUBLIC_CHAIN)
    block = bytearray(prefix + bytes(3 + size))  # I || q || chain u16 || step u8 || value: one block of SHA-256
    for chain in range(key.count):
        block[20], block[21] = chain >> 8, chain & 0xFF
        block[23:] = chains[chain * size : (chain + 1) * size]
        for step in range(digits[chain], maximum):
            block[22] = step
            block[23:] = hashlib.sha256(block).digest()[:size]
        ends.update(memoryview(block)[23:])
    return ends.digest()[:size]


def _digits(data: bytes, bits: int) -> list[int]:
    """The `bits`-bit coefficients of `data`, high ones first (RFC 8554 section 3.1.3)."""
    mask = (1 << bits) - 1
    return [byte >> shift & mask for byte in data for shift in range(8 - bits, -1, -bits)]


def _climb(key: "_Key", leaf: int, ots_key: bytes, path: memoryview) -> bytes:
    """The root of the tree, from a leaf's one-time key and its path."""
    size, node = key.size, leaf + (1 << key.height)
    node_hash = _hash(size, key.identifier, node.to_bytes(4, "big"), _LEAF, ots_key)
    for level in range(key.height):
        sibling = path[level * size : (level + 1) * size]
        pair = (sibling, node_hash) if node & 1 else (node_hash, sibling)
        node >>= 1
        node_hash = _hash(size, key.identifier, node.to_bytes(4, "big"), _INTERIOR, *pair)
    return node_hash
