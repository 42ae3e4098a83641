"""Ticks: a payment a second for the price of a hash (PayWord, Rivest and Shamir 1996)."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from ..wire.messages import Ticks

MAX_TICKS: Final = 2**20  # bounds the work of a check to about half a second


@lru_cache(maxsize=1024)
def hash_times(value: bytes, times: int) -> bytes:
    """SHA-256 applied `times` times: the root of a chain, from its `times`-th tick."""
    for _ in range(times):
        value = sha256(value).digest()
    return value


def tick_holds(ticks: Ticks, index: int, value: bytes) -> bool:
    """Whether `value` (32 bytes) is tick `index` of the chain: `index` times hashed it is the root."""
    return 0 <= index <= min(ticks.count, MAX_TICKS) and hash_times(value, index) == ticks.root
