"""What every native engine is, but for its field arithmetic: P-256's key pairs, signatures and verification.

Secrets and nonces go from bytes into limbs and never through Python's integers; what is computed from them takes
a time that does not depend on them, as `points`, `order` and `inverse` say. Verification handles public numbers
and varies in time.

Verification: u1 G by the columns of the comb, whose doublings are shared with the last 22 of u2 Q; that by four bits at
a time over multiples of Q, or, for a known key (see `known`), by a comb of its own.
"""

# mypy: ignore-errors
import os
from hashlib import sha256

from micropython import const

from ..errors import Fault
from .comb_table import POINTS
from .curve import N, P, is_scalar
from .known import Known
from .limbs import is_zero, move, swap
from .points import ORDER, Points

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

_A = const(1)  # slots, as in `points`
_D = const(4)
_E = const(5)
_F = const(6)  # the nonce, then the digest; or the digest, then u1
_K = const(11)
_R = const(18)  # r
_S = const(19)  # x, then the nonce in Montgomery form
_T = const(20)  # y, then r in Montgomery form
_U = const(21)  # 1 / nonce, then s; or 1 / s, then u2
_Z = const(26)
_PAIR = const(1 << 17)  # of `move`: two numbers
_THREE = const(2 << 17)
_FOUR = const(3 << 17)
_COLUMNS = const(22)
_TRIES = const(8)
_ZEROS = bytes(128)
_NONE = bytes(32)


def _random(size: int) -> bytes:
    """Blinding values. Nothing but blinding rests on them: os.urandom is good enough on every port."""
    return sha256(os.urandom(64)).digest()[:size]


class Native:
    """An engine for `seal.p256` over one `run` (see `points`)."""

    def __init__(self, run: "Callable[..., object]", scan: "Callable[..., object]") -> None:
        self.points = Points(run, scan)
        self.f = self.points.f
        self.known = Known(self.points)
        self._ours = bytearray(44)  # columns of u1, and of u2 for a known key
        self._theirs = bytearray(44)

    def _multiply_base(self, scalar32: bytes) -> None:
        """Slots S, T = x, y of scalar * G, as integers. Raises Fault where that cannot be."""
        swap(self.f, 32 * _F, scalar32, 0)
        for _ in range(_TRIES):
            if self.points.multiply_base(_F, _random):
                self.points.do(b"S=S*I T=T*I \0")
                return
        raise Fault("no blinding served: the engine is damaged")

    def _bytes(self, first: int, second: int) -> bytes:
        out = bytearray(64)
        swap(out, 0, self.f, 32 * first)
        swap(out, 32, self.f, 32 * second)
        return bytes(out)

    def public_key(self, secret32: bytes) -> bytes:
        """X||Y, 64 bytes, of a secret in 1..N-1."""
        self._multiply_base(secret32)
        return self._bytes(_S, _T)

    def sign_with(self, secret32: bytes, digest32: bytes, nonce32: bytes) -> bytes | None:
        """r||s, 64 bytes, or None when this nonce gives r = 0 or s = 0. Secret and nonce are in 1..N-1."""
        self.prepare(nonce32)
        return self.finish(secret32, digest32)

    def prepare(self, nonce32: bytes) -> None:
        """All of a signature that needs no message: to slots R to U, see `finish`."""
        f = self.f
        self._multiply_base(nonce32)
        move(f, f, _U, _F)
        ORDER.invert(f, _U)
        self.points.order(b"R=S+@ T=R*M U=U*M S=F*M \0")

    def finish(self, secret32: bytes, digest32: bytes) -> bytes | None:
        """r||s from what `prepare` left, once, or None. Raises Fault unless s * nonce is e + r * secret, made anew."""
        if not self._finish(secret32, digest32):
            raise Fault("a signature is not what its nonce and key make it: nothing was released")
        signature = self._bytes(_R, _U)
        return None if signature[:32] == _NONE or signature[32:] == _NONE else signature

    def _finish(self, secret32: bytes, digest32: bytes) -> int:
        """Slot U = s, for `finish`; 1 where it is right. E = e + r * secret is made twice."""
        f, order = self.f, self.points.order
        for program in (b"E=T*D F=F+@ E=E+F U=U*E A=U*S \0", b"E=T*D F=F+@ E=E+F A=A-E \0"):
            swap(f, 32 * _D, secret32, 0)
            swap(f, 32 * _F, digest32, 0)
            order(program)
        self._forget()
        return move(f, f, _A, _A)

    def coupon(self, nonce32: bytes) -> bytearray:
        """What `prepare` makes of a nonce, 128 bytes to keep in RAM. Raises Fault where two attempts differ in r."""
        f, coupon = self.f, bytearray(128)
        self.prepare(nonce32)
        move(coupon, f, 0, _R)
        self.prepare(nonce32)
        move(f, coupon, _A, 0)
        self.points.order(b"E=T*I A=E-A \0")
        move(coupon, f, 0, _R | _FOUR)
        self._forget()
        if not is_zero(f, _A):
            raise Fault("a nonce gave two points: the engine is damaged")
        return coupon

    def redeem(self, coupon: bytearray, secret32: bytes, digest32: bytes) -> bytes | None:
        """The signature that a coupon is for, as `finish`. The coupon is wiped first."""
        move(self.f, coupon, _R, _FOUR)
        move(coupon, _ZEROS, 0, _FOUR)
        return self.finish(secret32, digest32)

    def _forget(self) -> None:
        f = self.f
        move(f, _ZEROS, _D, _THREE)
        move(f, _ZEROS, _S, _PAIR)

    def learn(self, public64: bytes) -> None:
        """Have a comb for this key from now on: the device's own."""
        key = bytes(public64)
        if self.known.table(key) is None:
            self.known.learn(key)

    def forget(self, keeps_room: bool) -> None:
        """Drop the tables of all keys, see `known`."""
        self.known.clear(keeps_room)

    def verify(self, public64: bytes, digest32: bytes, sig64: bytes) -> bool:
        """True if r||s signs the digest under a key known to be on the curve; any r and s are allowed."""
        if not (is_scalar(sig64[:32]) and is_scalar(sig64[32:])):
            return False
        key, f, points = bytes(public64), self.f, self.points
        table = self.known.table(key)
        comb = table is not None
        table = table or self.known.multiples(key)
        swap(f, 32 * _R, sig64, 0)
        swap(f, 32 * _U, sig64, 32)
        swap(f, 32 * _F, digest32, 0)
        ORDER.invert(f, _U)
        points.order(b"U=U*M F=F*U U=R*U \0")
        flip = self._recode(self._ours, _F)
        theirs = self._recode(self._theirs, _U) if comb else None
        for careful in (False, True):
            points.infinite, points.careful = True, careful
            self._joint(flip, theirs, table, comb)
            if points.infinite or not is_zero(f, _Z):
                break  # else an exceptional case was met
        return not points.infinite and self._matches(sig64)

    def _recode(self, digits: bytearray, slot: int) -> int | None:
        """The comb's columns of a public scalar; 0, or 1 where they are its opposite's, or None for a scalar of 0."""
        f = self.f
        if is_zero(f, slot):
            return None
        move(f, f, _K, slot)
        return self.points.columns(digits) ^ 1

    def _joint(self, flip: int | None, theirs: int | None, table: bytearray, comb: bool) -> None:
        """X, Y, Z = u1 * G + u2 * Q."""
        points, u2 = self.points, self.f
        for i in range(_COLUMNS - 1 if comb else 255, -1, -1):
            points.double()
            if comb:
                points.add_columns(self._theirs, theirs, table, 2 * i)
            elif not i & 3:
                digit = u2[32 * _U + (i >> 3)] >> (i & 4) & 15
                if digit:
                    points.add_entry(table, digit - 1, 0)
            if i < _COLUMNS and flip is not None:
                points.add_columns(self._ours, flip, POINTS, 2 * i)

    def _matches(self, sig64: bytes) -> bool:
        """Whether the running point's x is r modulo N: X = r z^2, where r may stand for r + N, too."""
        f, r = self.f, int.from_bytes(sig64[:32], "big")
        while r < P:
            f[32 * _T : 32 * _T + 32] = r.to_bytes(32, "little")
            self.points.do(b"A=Z*Z T=T*Q A=A*T A=A-X \0")
            if is_zero(f, _A):
                return True
            r += N
        return False
