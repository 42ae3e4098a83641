"""Points of P-256 for native engines: formulas, fixed-base multiplication, sums with table entries.

A register file of 32 slots of 32 bytes holds numbers in Montgomery form. A formula is a program, bytes that an
engine's `run` executes as they stand: `d=a*b ` and so on, six bytes each, a slot a letter, `*` a product by 2^-256; a
zero ends them.
Slots: `@` 0, I the integer 1, O one, Q and P the Montgomery forms of 2^256 and 2^512; X, Y, Z the running point in
Jacobian coordinates (x/z^2, y/z^3), z = 0 for infinity; V, W an affine point to add; A to E, K, L, N scratch.

Exceptional cases. Doubling has none: no point has order 2. Adding where both points are equal or opposite, or one
is infinity, gives Z = 0, and Z stays 0 from there. So Z at the end tells whether any was met. A public product is
then computed once more, `careful` this time, which looks after every addition and does what is due. A secret
product is begun again with another blinding: which scalars meet such a case depends on the blinding, so that one
does with a chance below 2^-240, whatever the secret.

Blinding: k G is computed as (k - b) G + B, where b is random and B = b G; both are doubled after use (Coron,
"Resistance against differential power analysis for elliptic curve cryptosystems", 1999, section 5.2).
Formulas: doubling dbl-2001-b for a = -3; mixed addition, Hankerson, Menezes, Vanstone algorithm 3.22. Comb: see
`comb_table`.
"""

# mypy: ignore-errors
from micropython import const

from .comb_table import POINTS
from .curve import N, P
from .inverse import Modulus
from .limbs import is_zero, move, recode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable
    from ..ports import Random

_A = const(1)
_C = const(3)
_BLIND = const(7)  # G
_BX = const(8)  # H
_BY = const(10)  # J
_K = const(11)
_L = const(12)
_N = const(14)
_ONE = const(15)  # O
_S = const(19)
_T = const(20)
_U = const(21)
_V = const(22)
_W = const(23)
_X = const(24)
_Y = const(25)
_Z = const(26)
_DIGITS = const(44)
_PAIR = const(1 << 17)  # of `move`: two numbers
_THREE = const(2 << 17)

DOUBLE = (
    b"A=Z*Z B=Y*Y C=X*B Z=Y*Z Z=Z+Z D=X-A E=X+A D=D*E E=D+D D=D+E C=C+C C=C+C X=D*D X=X-C X=X-C C=C-X D=D*C B=B+B "
    b"B=B*B B=B+B Y=D-B \0"
)
ADD = b"A=Z*Z B=V*A C=Z*A C=W*C B=B-X C=C-Y Z=Z*B A=B*B B=A*B A=X*A X=C*C X=X-B X=X-A X=X-A A=A-X A=C*A B=Y*B Y=A-B \0"
OPPOSITE_W = b"N=@-W \0"
SUBTRACT = b"W=@-W " + ADD
AFFINE = b"B=A*A X=X*B B=B*A Y=Y*B \0"  # where A is 1/Z
# S, T and H, J affine from S, T, U and X, Y, Z, where A is 1/UZ but for its form
BOTH_AFFINE = b"A=A*P D=A*U A=A*Z B=A*A S=S*B B=B*A T=T*B B=D*D H=X*B B=B*D J=Y*B \0"

FIELD = Modulus(P)
ORDER = Modulus(N)


class Points:
    """The arithmetic on one engine's `run`. Tables are bytes of 64 a point, as in `comb_table`."""

    def __init__(self, run: "Callable[..., object]", scan: "Callable[..., object]") -> None:
        self._run = run
        self._scan = scan
        self._digits = bytearray(44)
        self._blinded = False
        self.f = bytearray(1024)
        self.infinite = self.careful = True
        for slot, bits, modulus in ((9, 0, P), (15, 256, P), (17, 512, P), (16, 768, P), (13, 512, N)):
            self.f[32 * slot : 32 * slot + 32] = pow(2, bits, modulus).to_bytes(32, "little")

    def do(self, program: bytes) -> None:
        """Run a program on the register file, modulo P."""
        self._run(0, FIELD.area, program, self.f)

    def order(self, program: bytes) -> None:
        """The same modulo N. One operand of a product or sum may be any 256 bits; the result is below N."""
        self._run(0, ORDER.area, program, self.f)

    def _begin(self) -> None:
        f = self.f
        move(f, f, _X, _V | _PAIR)
        move(f, f, _Z, _ONE)

    def columns(self, digits: bytearray) -> int:
        """The comb's columns of K in 1..N-1 where it is odd, else of its opposite; K's lowest bit. Changes K, L."""
        f = self.f
        odd = f[32 * _K] & 1
        self.order(b"L=@-K \0")
        move(f, f, _K, _L | odd << 16)
        recode(digits, f)
        return odd

    def _comb(self) -> None:
        """X, Y, Z = K * G for any K in 1..N-1, reading the whole table for every digit. Changes K, L."""
        f, w = self.f, FIELD.area  # two at a time: a pair is no tuple on the heap
        run, digits = self._run, self._digits
        scan, odd = self._scan, self.columns(digits)
        for i in range(_DIGITS):
            at = _DIGITS - 1 - (i ^ 1)
            scan(f, POINTS, digits, at)
            run(0, w, OPPOSITE_W, f)
            move(f, f, _W, _N | (digits[at] >> 7 ^ 1) << 16)
            if i:
                run(0, w, ADD, f)
            else:
                self._begin()
            if i & 1 and i < _DIGITS - 1:
                run(0, w, DOUBLE, f)
        move(f, f, _W, _Y)
        run(0, w, OPPOSITE_W, f)
        move(f, f, _Y, _N | odd << 16)

    def blind(self, random: "Random") -> None:
        """Take a new blinding from `random(n) -> n bytes`; no key's worth depends on it."""
        f = self.f
        f[32 * _BLIND : 32 * _BLIND + 32] = b"\1" + random(30) + b"\0"
        move(f, f, _K, _BLIND)
        self._comb()
        self._blinded = not is_zero(f, _Z)
        move(f, f, _A, _Z)
        FIELD.invert(f, _A)
        self.do(b"A=A*P \0")
        self.do(AFFINE)
        move(f, f, _BX, _X)
        move(f, f, _BY, _Y)

    def multiply_base(self, scalar: int, random: "Random") -> bool:
        """S, T = x, y of the slot `scalar` times G, affine, in fixed time; the scalar is in 1..N-1.

        Uses the blinding, taking it from `random` where there is none, and renews it. Returns False, with S and T
        of no use, where this blinding met an exceptional case: to be called again.
        """
        f = self.f
        if not self._blinded:
            self.blind(random)
            if not self._blinded:
                return False
        move(f, f, _K, scalar)
        self.order(b"K=K-G \0")
        none = is_zero(f, _K)
        self._comb()
        move(f, f, _V, _BX)
        move(f, f, _W, _BY)
        self.do(ADD)
        move(f, f, _S, _X | _THREE)
        self.order(b"G=G+G \0")
        self._begin()
        self.do(DOUBLE)
        self.do(b"A=U*Z \0")
        self._blinded = not (none | is_zero(f, _A))
        FIELD.invert(f, _A)
        self.do(BOTH_AFFINE)
        return self._blinded

    def add_entry(self, table: bytes | bytearray, index: int, minus: int | bool) -> None:
        """Add a table's point to X, Y, Z, or subtract it. For public points."""
        f = self.f
        move(f, table, _V, 2 * index | _PAIR)
        if self.infinite:
            if minus:
                self.do(OPPOSITE_W)
                move(f, f, _W, _N)
            self._begin()
            self.infinite = False
            return
        self._run(0, FIELD.area, SUBTRACT if minus else ADD, f)
        if self.careful and is_zero(f, _Z):
            self.infinite = not is_zero(f, _C)  # the difference of the y
            self._begin()
            self.double()

    def add_columns(self, digits: bytearray, flip: int, table: bytes | bytearray, at: int) -> None:
        """Add the points of a comb's table that digits[at] and the next choose, or their opposites for flip = 1."""
        self.add_entry(table, digits[at] & 31, digits[at] >> 7 ^ flip)
        self.add_entry(table, digits[at + 1] & 31 | 32, digits[at + 1] >> 7 ^ flip)

    def double(self) -> None:
        """Twice X, Y, Z."""
        if not self.infinite:
            self.do(DOUBLE)
