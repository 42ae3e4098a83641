"""Ticks: a hash chain for payments too many to sign (PayWord; Rivest and Shamir 1996). `ticks` in a voucher.

The payer draws a seed. A signed voucher promises a value for each of `count` ticks under the chain's root, SHA-256
applied `count` times to the seed. Tick i hashed i times gives the root: tick i proves i ticks, and nobody can compute
tick i + 1 from it.

The chain stores checkpoints, one every sqrt(count) values, and the whole segment in use. Each tick in order computes
two values of the next segment, so a tick costs two hashes, never a whole segment.
Limits: a seed serves one voucher. Memory is 96 bytes times sqrt(count): 6 KB for 4,096 ticks. A new chain costs `count`
hashes, a tick out of order sqrt(count).
"""

from .compat import sha256
from .errors import Malformed

MAX_COUNT = 1 << 20


def _set_value(values: bytearray, index: int, value: bytes) -> None:
    values[32 * index : 32 * index + 32] = value


def _get_value(values: bytearray, index: int) -> bytes:
    return bytes(values[32 * index : 32 * index + 32])


class Chain:
    """The payer's side: a chain of `count` ticks from a secret seed of 32 bytes. Raises Malformed."""

    def __init__(self, seed32: bytes, count: int) -> None:
        if not isinstance(seed32, (bytes, bytearray)) or len(seed32) != 32:
            raise Malformed("a chain's seed is 32 bytes")
        if not isinstance(count, int) or not 1 <= count <= MAX_COUNT:
            raise Malformed("a chain has 1 to %d ticks" % MAX_COUNT)
        self.count = count
        self._step = 1
        while self._step * self._step < count:
            self._step += 1
        self._checkpoints = bytearray(32 * (count // self._step + 1))
        value = bytes(seed32)
        for k in range(count):
            if k % self._step == 0:
                _set_value(self._checkpoints, k // self._step, value)
            value = sha256(value)
        self.root = value
        self._segment, self._segment_number, self._segment_size = bytearray(32 * self._step), -1, 0
        self._next_segment, self._next_number, self._next_size = bytearray(32 * self._step), -1, 0

    def reveal(self, i: int) -> bytes:
        """Tick i, 32 bytes, for i in 1..count. Raises Malformed."""
        if not isinstance(i, int) or not 1 <= i <= self.count:
            raise Malformed("this chain has ticks 1 to %d" % self.count)
        k = self.count - i
        number = k // self._step
        if number != self._segment_number:
            self._enter(number)
        while self._segment_size <= k % self._step:  # after a jump only
            self._segment_size = self._grow(self._segment, number, self._segment_size)
        for _ in range(2):
            if self._next_number >= 0 and self._next_size < self._step:
                self._next_size = self._grow(self._next_segment, self._next_number, self._next_size)
        return _get_value(self._segment, k % self._step)

    def _enter(self, number: int) -> None:
        self._segment_number, self._segment_size = number, 0
        if number == self._next_number:
            self._segment, self._next_segment, self._segment_size = self._next_segment, self._segment, self._next_size
        self._next_number, self._next_size = number - 1, 0

    def _grow(self, values: bytearray, number: int, size: int) -> int:
        value = sha256(_get_value(values, size - 1)) if size else _get_value(self._checkpoints, number)
        _set_value(values, size, value)
        return size + 1


def check(anchor: bytes, steps: int, value: bytes) -> bool:
    """Whether `value` hashed `steps` times is `anchor`: the root, or the last verified tick, `steps` before this one.

    Raises Malformed for an invalid count.
    """
    if not isinstance(steps, int) or not 1 <= steps <= MAX_COUNT:
        raise Malformed("a chain has 1 to %d ticks" % MAX_COUNT)
    if not isinstance(value, (bytes, bytearray)) or len(value) != 32:
        return False
    for _ in range(steps):
        value = sha256(value)
    return value == anchor
