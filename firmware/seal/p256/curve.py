"""The curve P-256 and what may be done with public values alone: checks, point compression.

Curve: SP 800-186 section 3.2.1.3, y^2 = x^3 - 3x + B over GF(P), prime order N, cofactor 1: a point on the
curve that is not infinity has order N, so no subgroup check is needed. Compression: SEC 1 section 2.3.3.
Limits: big integers take a time that depends on their values. Public values only; a secret is checked as
bytes.
"""

from ..errors import BadKey

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
GX = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
GY = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5

_ZERO = bytes(32)
_ORDER = N.to_bytes(32, "big")


def is_scalar(data: bytes) -> bool:
    """True for 32 bytes that are a number in 1..N-1. Compares bytes: a secret does not become an integer."""
    return isinstance(data, (bytes, bytearray)) and len(data) == 32 and _ZERO < data < _ORDER


def _coordinate(data: bytes) -> int:
    x = int.from_bytes(data, "big")
    if x >= P:
        raise BadKey("a coordinate of the public key is out of range")
    return x


def _right_side(x: int) -> int:
    return (x * x * x - 3 * x + B) % P


def _check_root(y: int, square: int) -> None:
    if y * y % P != square:
        raise BadKey("the public key is no point on P-256")


def check_public(public64: bytes) -> None:
    """Return quietly for X||Y of a point on the curve.

    Raises BadKey for any other length, a coordinate not below P, a point off the curve, and 64 zero bytes
    (how some write infinity). SP 800-56A section 5.6.2.3.4; full, as the cofactor is 1.
    """
    if not isinstance(public64, (bytes, bytearray)) or len(public64) != 64:
        raise BadKey("a public key is 64 bytes, X then Y")
    _check_root(_coordinate(public64[32:]), _right_side(_coordinate(public64[:32])))


def compress(public64: bytes) -> bytes:
    """33 bytes for a public key of 64: 2 or 3 for an even or odd Y, then X (SEC 1 section 2.3.3).

    Raises BadKey as `check_public` does.
    """
    check_public(public64)
    return bytes((2 + (public64[63] & 1),)) + bytes(public64[:32])


def decompress(compressed33: bytes) -> bytes:
    """The public key X||Y, 64 bytes, of its compressed form. Raises BadKey when there is no such point."""
    good = isinstance(compressed33, (bytes, bytearray)) and len(compressed33) == 33
    if not good or compressed33[0] not in (2, 3):
        raise BadKey("a compressed public key is 33 bytes, and begins with 2 or 3")
    square = _right_side(_coordinate(compressed33[1:]))
    y = pow(square, (P + 1) // 4, P)  # a square root, as P = 3 mod 4
    _check_root(y, square)
    if y & 1 != compressed33[0] & 1:
        y = P - y  # y is never 0: the order is odd, so no point has order 2
    return bytes(compressed33[1:]) + y.to_bytes(32, "big")
