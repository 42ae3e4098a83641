"""What every native engine is, but for its field arithmetic: P-256's key pairs, signatures and verification.

Secrets and nonces go from bytes into limbs and never through Python's integers; what is computed from them takes
a time that does not depend on them, as `points`, `order` and `inverse` say. Verification handles public numbers
and varies in time.

Verification: u1 G by the columns of the comb, whose doublings are shared with the last 22 of u2 Q; that by a
width-5 NAF over odd multiples of Q, or, for a known key (see `known`), by a comb of its own.
"""

# mypy: ignore-errors
import os
from hashlib import sha256

from micropython import const

from ..errors import Fault
from . import order
from .comb_table import POINTS
from .curve import N, P, is_scalar
from .known import Known
from .limbs import is_zero, move, naf, recode, swap
from .order import ORDER, multiply
from .points import END, Points

_A = const(1)  # slots, as in `points`
_D = const(4)
_E = const(5)
_F = const(6)  # the digest, then u1
_I = const(9)
_L = const(12)
_M = const(13)  # 2^512 modulo N
_R = const(18)  # r
_S = const(19)
_T = const(20)
_U = const(21)  # 1 / nonce, then s; or 1 / s, then u2
_Z = const(26)
_NONCE = const(27)
_CHECK = const(28)
_COLUMNS = const(22)
_TRIES = const(8)


def _random(size):
    """Blinding values. Nothing but blinding rests on them: os.urandom is good enough on every port."""
    return sha256(os.urandom(64)).digest()[:size]


class Native:
    """An engine for `seal.p256` over one `run` (see `points`)."""

    def __init__(self, run):
        self.points = Points(run)
        self.known = Known(self.points)
        self._columns = bytearray(80)
        self._theirs = bytearray(257)  # u2: columns of a comb, or a NAF
        self.points.f[32 * _M : 32 * _M + 32] = ((1 << 512) % N).to_bytes(32, "little")

    def _multiply_base(self, scalar32):
        """Slots S, T = x, y of scalar * G, as integers. Raises Fault where that cannot be."""
        swap(self.points.f, 32 * _NONCE, scalar32, 0)
        for _ in range(_TRIES):
            if self.points.multiply_base(_NONCE, _random):
                self.points.do(b"S=S*I T=T*I " + END)
                return
        raise Fault("no blinding served: the engine is damaged")

    def _bytes(self, first, second):
        out = bytearray(64)
        swap(out, 0, self.points.f, 32 * first)
        swap(out, 32, self.points.f, 32 * second)
        return bytes(out)

    def public_key(self, secret32):
        """X||Y, 64 bytes, of a secret in 1..N-1."""
        self._multiply_base(secret32)
        return self._bytes(_S, _T)

    def sign_with(self, secret32, digest32, nonce32):
        """r||s, 64 bytes, or None when this nonce gives r = 0 or s = 0. Secret and nonce are in 1..N-1."""
        self.prepare(nonce32)
        return self.finish(secret32, digest32)

    def prepare(self, nonce32):
        """All of a signature that needs no message: to slots R, T, U, and the nonce to CHECK, see `finish`."""
        f = self.points.f
        self._multiply_base(nonce32)
        order.add(f, _R, _S, ORDER)  # x + 0 modulo N
        move(f, f, _U, _NONCE)
        order.MODULUS.invert(f, _U)
        for to, fro in ((_T, _R), (_U, _U), (_CHECK, _NONCE)):  # into Montgomery form
            multiply(0, ORDER, f, to | fro << 8 | _M << 16)

    def finish(self, secret32, digest32):
        """r||s from what `prepare` left, once, or None. Raises Fault unless s * nonce is e + r * secret, made anew."""
        if not self._finish(secret32, digest32):
            raise Fault("a signature is not what its nonce and key make it: nothing was released")
        f = self.points.f
        return None if is_zero(f, _R) or is_zero(f, _U) else self._bytes(_R, _U)

    def _finish(self, secret32, digest32):
        """Slot U = s, for `finish`; 1 where it is right."""
        f = self.points.f
        self._message(secret32, digest32)
        multiply(0, ORDER, f, _U | _U << 8 | _E << 16)
        multiply(0, ORDER, f, _A | _U << 8 | _CHECK << 16)
        self._message(secret32, digest32)
        order.add(f, _A, _A | _E << 8 | 1 << 16, ORDER)
        self._forget()
        return is_zero(f, _A)

    def _message(self, secret32, digest32):
        """Slot E = e + r * secret."""
        f = self.points.f
        swap(f, 32 * _D, secret32, 0)
        swap(f, 32 * _F, digest32, 0)
        multiply(0, ORDER, f, _E | _T << 8 | _D << 16)
        order.add(f, _F, _F, ORDER)
        order.add(f, _E, _E | _F << 8, ORDER)

    def coupon(self, nonce32):
        """What `prepare` makes of a nonce, 128 bytes to keep in RAM. Raises Fault where two attempts differ in r."""
        f, coupon = self.points.f, bytearray(128)
        self.prepare(nonce32)
        move(coupon, f, 0, _R)
        self.prepare(nonce32)
        multiply(0, ORDER, f, _E | _T << 8 | _I << 16)
        move(f, coupon, _A, 0)
        order.add(f, _A, _E | _A << 8 | 1 << 16, ORDER)
        for i, slot in enumerate((_R, _T, _U, _CHECK)):
            move(coupon, f, i, slot)
        self._forget()
        if not is_zero(f, _A):
            raise Fault("a nonce gave two points: the engine is damaged")
        return coupon

    def redeem(self, coupon, secret32, digest32):
        """The signature that a coupon is for, as `finish`."""
        for i, slot in enumerate((_R, _T, _U, _CHECK)):
            move(self.points.f, coupon, slot, i)
        return self.finish(secret32, digest32)

    def _forget(self):
        for slot in (_D, _E, _T, _NONCE, _CHECK):
            move(self.points.f, self.points.f, slot, 0)

    def learn(self, public64):
        """Have a comb for this key from now on: the device's own."""
        key = bytes(public64)
        if self.known.table(key) is None:
            self.known.learn(key)

    def verify(self, public64, digest32, sig64):
        """True if r||s signs the digest under a key known to be on the curve; any r and s are allowed."""
        if not (is_scalar(sig64[:32]) and is_scalar(sig64[32:])):
            return False
        key, f, points = bytes(public64), self.points.f, self.points
        table = self.known.table(key)
        comb = table is not None
        table = table or self.known.odd_multiples(key)
        swap(f, 32 * _R, sig64, 0)
        swap(f, 32 * _U, sig64, 32)
        swap(f, 32 * _F, digest32, 0)
        order.MODULUS.invert(f, _U)
        multiply(0, ORDER, f, _U | _U << 8 | _M << 16)
        multiply(0, ORDER, f, _F | _F << 8 | _U << 16)
        multiply(0, ORDER, f, _U | _R << 8 | _U << 16)
        flip = self._recode(self._columns, _F)
        theirs = self._recode(self._theirs, _U) if comb else naf(self._theirs, f, _U)
        for careful in (False, True):
            points.infinite, points.careful = True, careful
            self._joint(flip, theirs, table, comb)
            if points.infinite or not is_zero(f, _Z):
                break  # else an exceptional case was met
        return not points.infinite and self._matches(sig64)

    def _recode(self, digits, slot):
        """The comb's columns of a public scalar; 0, or 1 where they are its opposite's, or None for a scalar of 0."""
        f = self.points.f
        if is_zero(f, slot):
            return None
        odd = f[32 * slot] & 1
        order.add(f, _L, slot << (8 if not odd else 0) | (0 if odd else 1 << 16), ORDER)
        recode(digits, f, _L)
        return odd ^ 1

    def _joint(self, flip, theirs, table, comb):
        """X, Y, Z = u1 * G + u2 * Q."""
        points, digits = self.points, self._theirs
        for i in range(_COLUMNS - 1 if comb else 256, -1, -1):
            points.double()
            if comb:
                points.add_columns(digits, theirs, table, 2 * i)
            elif digits[i]:
                digit = digits[i]
                points.add_entry(table, (digit if digit < 16 else 32 - digit) >> 1, digit > 15)
            if i < _COLUMNS and flip is not None:
                points.add_columns(self._columns, flip, POINTS, 2 * i)

    def _matches(self, sig64):
        """Whether the running point's x is r modulo N: X = r z^2, where r may stand for r + N, too."""
        f, r = self.points.f, int.from_bytes(sig64[:32], "big")
        while r < P:
            f[32 * _T : 32 * _T + 32] = r.to_bytes(32, "little")
            self.points.do(b"A=Z*Z T=T*Q A=A*T A=A-X " + END)
            if is_zero(f, _A):
                return True
            r += N
        return False
