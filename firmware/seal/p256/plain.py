"""The plain-Python engine: P-256 on Python's big integers. See `seal.p256` for what an engine provides.

NOT CONSTANT-TIME. Big integers, branches and table look-ups here take a time that depends on the secret;
someone who can time many signatures finely, or watch the board's power, may learn the key. It is here to
verify anywhere, to sign on CPython and on boards for which no native engine exists, and as the reading the
others are compared with.

Method: Jacobian coordinates (x/z^2, y/z^3), z = 0 for infinity; doubling dbl-2001-b (a = -3), mixed addition
(Hankerson, Menezes, Vanstone: Guide to Elliptic Curve Cryptography, algorithms 3.21, 3.22). Fixed base:
signed comb. Verification: interleaved width-5 NAF of both scalars (algorithms 3.35, 3.51), no use of the
comb's table, so verify-after-sign does not repeat a fault in it. Modular inverse by Fermat: pow(x, -1, m) is
0 on MicroPython.
"""

from .comb_table import POINTS, SPACING, TABLES, TEETH
from .curve import GX, GY, N, P

_HALF = 1 << (TEETH - 1)  # points of one table: the top tooth's sign is taken out
_PER_2_256 = pow(2, 256 * (P - 2), P)
_KEPT = 3  # odd multiples of public keys kept for the next verification, about 1.5 KB each

_base = []  # odd multiples of the base point, made when first needed
_kept = []  # (public key, its odd multiples), the latest used last


def _double(x: int, y: int, z: int) -> tuple[int, int, int]:
    delta = z * z % P
    gamma = y * y % P
    beta = x * gamma % P
    alpha = 3 * (x - delta) * (x + delta) % P
    x3 = (alpha * alpha - 8 * beta) % P
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % P, 2 * y * z % P


def _add(x1: int, y1: int, z1: int, x2: int, y2: int) -> tuple[int, int, int]:
    """Jacobian (x1, y1, z1) plus affine (x2, y2), which is never infinity; complete."""
    if not z1:
        return x2, y2, 1
    zz = z1 * z1 % P
    h = (x2 * zz - x1) % P
    r = (y2 * (zz * z1 % P) - y1) % P
    if not h:
        return (1, 1, 0) if r else _double(x1, y1, z1)
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y1 * hhh) % P, z1 * h % P


def _tabulated(data: bytes) -> int:
    return int.from_bytes(data, "little") * _PER_2_256 % P  # out of Montgomery form


def _comb(scalar: int) -> tuple[int, int]:
    """scalar * G, affine, for a scalar in 1..N-1.

    The odd one of scalar and N - scalar is written with digits +1 and -1 only, one a bit position; the digits
    SPACING * TABLES apart choose one tabulated point.
    """
    odd = scalar if scalar & 1 else N - scalar
    digits = (odd >> 1) | 1 << (SPACING * TABLES * TEETH - 1)  # a set bit stands for +1, a clear one for -1
    rows = [digits >> shift & (1 << SPACING) - 1 for shift in range(0, SPACING * TABLES * TEETH, SPACING)]
    x, y, z = 1, 1, 0
    for column in range(SPACING - 1, -1, -1):
        x, y, z = _double(x, y, z)
        for table in range(TABLES):
            index = 0
            for tooth in range(TEETH):
                index |= (rows[tooth * TABLES + table] >> column & 1) << tooth
            negative = index < _HALF
            if negative:
                index = ~index
            at = 64 * (table * _HALF + (index & _HALF - 1))
            px, py = _tabulated(POINTS[at : at + 32]), _tabulated(POINTS[at + 32 : at + 64])
            x, y, z = _add(x, y, z, px, P - py if negative else py)
    inverse = pow(z, P - 2, P)
    square = inverse * inverse % P
    y = y * (square * inverse % P) % P
    return x * square % P, y if scalar & 1 else P - y


def _odd_multiples(x: int, y: int) -> list[tuple[int, ...]]:
    """[(x, y) * 1, 3, 5 .. 15], affine, of a point on the curve.

    Twice the point stays projective: the curve is rescaled by its z, where it is affine and mixed addition
    (which uses no curve constant) applies; z is put back at the end, in the one inversion for all.
    """
    dx, dy, dz = _double(x, y, 1)
    zz = dz * dz % P
    points: list[tuple[int, ...]] = [(x * zz % P, y * (zz * dz % P) % P, 1)]
    products = [dz]
    for i in range(7):
        points.append(_add(*points[i], dx, dy))  # type: ignore[call-arg]
        products.append(products[i] * (points[i + 1][2] * dz % P) % P)
    inverse = pow(products[7], P - 2, P)
    for i in range(7, -1, -1):
        px, py, pz = points[i]
        one = inverse * products[i - 1] % P if i else inverse
        inverse = inverse * (pz * dz % P) % P
        zz = one * one % P
        points[i] = px * zz % P, py * (zz * one % P) % P
    return points


def _multiples_of(public64: bytes) -> list[tuple[int, ...]]:
    key = bytes(public64)
    for i in range(len(_kept)):
        if _kept[i][0] == key:
            _kept.append(_kept.pop(i))
            return _kept[-1][1]
    points = _odd_multiples(int.from_bytes(key[:32], "big"), int.from_bytes(key[32:], "big"))
    if len(_kept) == _KEPT:
        _kept.pop(0)
    _kept.append((key, points))
    return points


def _naf(scalar: int) -> bytearray:
    """Width-5 NAF, lowest first: 0, or an odd digit d as d mod 32."""
    digits = bytearray(257)
    i = 0
    while scalar:
        if scalar & 1:
            digit = scalar & 31
            digits[i] = digit
            scalar -= digit if digit < 16 else digit - 32
        scalar >>= 1
        i += 1
    return digits


def _joint(u1: int, u2: int, multiples: list[tuple[int, ...]]) -> tuple[int, int, int]:
    """u1 * G + u2 * Q, Jacobian, where `multiples` are Q's."""
    if not _base:
        _base.extend(_odd_multiples(GX, GY))
    pairs = ((_naf(u1), _base), (_naf(u2), multiples))
    x, y, z = 1, 1, 0
    for i in range(256, -1, -1):
        x, y, z = _double(x, y, z)
        for digits, points in pairs:
            digit = digits[i]
            if digit:
                px, py = points[(digit if digit < 16 else 32 - digit) >> 1]
                x, y, z = _add(x, y, z, px, py if digit < 16 else P - py)
    return x, y, z


def public_key(secret32: bytes) -> bytes:
    """X||Y, 64 bytes, of a secret in 1..N-1."""
    x, y = _comb(int.from_bytes(secret32, "big"))
    return x.to_bytes(32, "big") + y.to_bytes(32, "big")


def sign_with(secret32: bytes, digest32: bytes, nonce32: bytes) -> bytes | None:
    """r||s, 64 bytes, or None when this nonce gives r = 0 or s = 0. Secret and nonce are in 1..N-1."""
    nonce = int.from_bytes(nonce32, "big")
    r = _comb(nonce)[0] % N
    e = int.from_bytes(digest32, "big")
    s = pow(nonce, N - 2, N) * (e + r * int.from_bytes(secret32, "big")) % N
    if not r or not s:
        return None
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(public64: bytes, digest32: bytes, sig64: bytes) -> bool:
    """True if r||s signs the digest under a key known to be on the curve; any r and s are allowed."""
    r = int.from_bytes(sig64[:32], "big")
    s = int.from_bytes(sig64[32:], "big")
    if not (0 < r < N and 0 < s < N):
        return False
    w = pow(s, N - 2, N)
    u1 = int.from_bytes(digest32, "big") * w % N
    x, _, z = _joint(u1, r * w % N, _multiples_of(public64))
    if not z:
        return False
    zz = z * z % P
    # r is x mod N, and x may have been N or more: compare without an inversion
    return r * zz % P == x or (r + N < P and (r + N) * zz % P == x)


def forget(keeps_room: bool) -> None:
    """Drop the multiples of all keys."""
    _kept.clear()


def learn(public64: bytes) -> None:
    """Keep this key's odd multiples; they are made when it first verifies."""
