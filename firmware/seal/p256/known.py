"""Tables of public keys: small multiples for one verification, and combs of 4 KB for keys that come again and again.

A comb makes a verification three times as fast and costs about as much as one to build, so it is built when a key
comes for the second time among the latest few; the device's own key gets one with its first signature. The least
recently used is dropped first. Everything is in RAM: on flash it would be a place where a verdict could be changed.
"""

# mypy: ignore-errors
from micropython import const

from ..compat import scratch
from .limbs import move, swap
from .points import AFFINE, FIELD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .points import Points

COMBS = 2  # kept at once, 4 KB each

_LATEST = const(4)  # keys remembered after a verification without a comb
_COLUMNS = const(22)
_ONE = const(15)  # slots, as in `points`
_S = const(19)
_T = const(20)
_U = const(21)
_V = const(22)
_W = const(23)
_X = const(24)
_PAIR = const(1 << 17)  # of `move`: two numbers
_THREE = const(2 << 17)


class Known:
    """The keys whose tables are at hand."""

    def __init__(self, points: "Points") -> None:
        self._points = points
        # now, for the device's own and a peer's: a heap in use has few pieces so long
        self._free = [bytearray(64 * 64) for _ in range(COMBS)]
        self._combs = []  # (key, table), the latest used last
        self._latest = []

    def table(self, key: bytes) -> bytearray | None:
        """The comb of a key, or None: the key is then remembered."""
        for i in range(len(self._combs)):
            if self._combs[i][0] == key:
                self._combs.append(self._combs.pop(i))
                return self._combs[-1][1]
        if key in self._latest:
            return self.learn(key)
        if len(self._latest) == _LATEST:
            self._latest.pop(0)
        self._latest.append(key)
        return None

    def learn(self, key: bytes) -> bytearray | None:
        """Build and keep the comb of a key that has none; return it, or None where the heap has no room for it."""
        if key in self._latest:
            self._latest.remove(key)
        table = None
        try:
            table = self._room()
            self._build(key, table)
        except MemoryError:
            if table:
                self._free.append(table)
            return None  # without a table it only takes longer
        self._combs.append((key, table))
        return table

    def _room(self) -> bytearray:
        if self._free:
            return self._free.pop()
        return self._combs.pop(0)[1] if len(self._combs) == COMBS else bytearray(64 * 64)

    def clear(self, keeps_room: bool) -> None:
        """Drop all tables. keeps_room: and keep the heap that they take."""
        if keeps_room:
            self._free.extend(table for _, table in self._combs)
        else:
            self._free.clear()
        self._combs.clear()
        self._latest.clear()

    def _start(self, key: bytes) -> None:
        """X, Y, Z = the key."""
        f = self._points.f
        swap(f, 32 * _V, key, 0)
        swap(f, 32 * _W, key, 32)
        self._points.do(b"X=V*Q Y=W*Q \0")
        move(f, f, _X + 2, _ONE)
        self._points.infinite = False

    def _keep(self, jacobian: bytearray, i: int) -> None:
        """X, Y, Z as point i of a list of 96 bytes each."""
        move(jacobian, self._points.f, 3 * i, _X | _THREE)

    def _normalise(self, jacobian: bytearray, table: bytearray, first: int, count: int) -> None:
        """Write `count` points of 96 bytes as affine ones into a table, from entry `first`; one inversion for all."""
        f, do = self._points.f, self._points.do
        move(f, f, _S, _ONE)
        for i in range(count):
            move(table, f, 2 * (first + i), _S)
            move(f, jacobian, _T, 3 * i + 2)
            do(b"S=S*T \0")
        FIELD.invert(f, _S)
        do(b"S=S*P \0")
        while count:
            count -= 1
            move(f, jacobian, _X, 3 * count | _THREE)
            at = 2 * (first + count)
            move(f, table, _U, at)
            do(b"A=S*U S=S*Z \0")
            do(AFFINE)
            move(table, f, at, _X | _PAIR)

    def multiples(self, key: bytes) -> bytearray:
        """1 .. 15 times the key, 64 bytes each."""
        points, f = self._points, self._points.f
        jacobian, table = scratch(15 * 96), bytearray(15 * 64)
        self._start(key)
        move(table, f, 0, _X | _PAIR)
        for i in range(15):
            self._keep(jacobian, i)
            if i:
                points.add_entry(table, 0, 0)
            else:
                points.double()
        self._normalise(jacobian, table, 0, 15)
        return table

    def _powers(self, key: bytes, table: bytearray, jacobian: bytearray) -> None:
        """2^(22 j) times the key for j = 0..11, then twice the first ten: 22 affine points, from entry 32 on."""
        points = self._points
        self._start(key)
        for j in range(12):
            self._keep(jacobian, j)
            for i in range(_COLUMNS):
                points.double()
                if not i and j < 10:
                    self._keep(jacobian, 12 + j)
        self._normalise(jacobian, table, 32, 22)

    def _build(self, key: bytes, table: bytearray) -> None:
        """The comb: entry after entry in Gray code's order, each one addition of a doubled power from the last. The
        powers are in its second half until that is made."""
        points, jacobian = self._points, scratch(32 * 96)  # first: where there is no room, no work is lost
        self._powers(key, table, jacobian)
        for u in range(2):
            points.infinite = True
            points.add_entry(table, 42 + u, 0)
            for tooth in range(5):
                points.add_entry(table, 32 + 2 * tooth + u, True)
            self._keep(jacobian, 0)
            for i in range(1, 32):
                tooth = 0
                while not i >> tooth & 1:
                    tooth += 1
                gray = i ^ i >> 1
                points.add_entry(table, 44 + 2 * tooth + u, not gray >> tooth & 1)
                self._keep(jacobian, gray)
            self._normalise(jacobian, table, 32 * u, 32)
