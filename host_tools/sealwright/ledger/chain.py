"""The log's hash chain: each row binds its number, its time, its message and the row before.

Purpose: the one place that says what a row's hash covers.
Limits: a chain shows that rows were changed, dropped from the middle or reordered. Anyone who can write the file
can also cut its end off, or compute a new chain; only a head that was noted elsewhere shows that (`Head`).
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from ..errors import Usage

START = bytes(32)  # `prev` of the first row


class Head(NamedTuple):
    """The last row: its number (0: an empty log) and its hash. Noted elsewhere, it anchors all before it.

    others: of a ledger in shards the last rows of the other shards' logs, from shard 1 on; this is shard 0's.
    """

    n: int
    hash: bytes
    others: "tuple[Head, ...]" = ()

    def __str__(self) -> str:
        return ",".join(f"{one.n}:{one.hash.hex()}" for one in self.all)

    @property
    def all(self) -> "tuple[Head, ...]":
        """Of each shard, in order."""
        return (Head(self.n, self.hash), *self.others)

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(one.n for one in self.all)

    @classmethod
    def of(cls, heads: "Sequence[Head]") -> "Head":
        """Of a ledger with these, one for each shard."""
        return cls(heads[0].n, heads[0].hash, tuple(heads[1:]))

    @classmethod
    def parse(cls, words: str) -> "Head":
        """A head as `str` prints it, N:HASH, of shards with commas between. Raises Usage for anything else."""
        found = [re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", part.strip()) for part in words.split(",")]
        if None in found:
            raise Usage(
                f"{words!r} is not NUMBER:HASH, as `ledger audit` prints a ledger's head", remedy="Copy it whole."
            )
        return cls.of([cls(int(match[1]), bytes.fromhex(match[2])) for match in found if match is not None])


class LogRow(NamedTuple):
    """One row: `at` unix seconds, `message` as received, `proof` what was revealed with it, or empty; `effect` the
    digest of what the row made of the views (32 bytes)."""

    n: int
    at: int
    message: bytes
    proof: bytes
    effect: bytes
    prev: bytes
    hash: bytes

    def expected(self) -> bytes:
        """The hash this row's other columns call for: SHA-256(prev || n || at || effect || message || proof).

        Numbers are 8 bytes, big-endian; `prev` and `effect` have 32. A message is one CBOR item and thus ends where it
        says: no byte can pass from `message` to `proof` unseen.
        """
        return _hash(self.n, self.at, self.prev, self.effect + self.message + self.proof)


def follow(head: Head, at: int, message: bytes, proof: bytes, effect: bytes) -> LogRow:
    """The row that comes after `head`."""
    n, prev = head.n + 1, head.hash
    return LogRow(n, at, message, proof, effect, prev, _hash(n, at, prev, effect + message + proof))


def _hash(n: int, at: int, prev: bytes, rest: bytes) -> bytes:
    numbers = n.to_bytes(8, "big", signed=True) + at.to_bytes(8, "big", signed=True)
    return sha256(prev + numbers + rest).digest()
