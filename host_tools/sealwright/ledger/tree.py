"""The Merkle tree over a ledger's log: its root, and the paths that prove a row or an earlier tree.

Source: RFC 9162 sections 2.1.1, 2.1.3.1 and 2.1.4.1. Entry i is the digest (32 bytes) of the message in row i + 1.
Limits: nothing of the tree is stored. A root reads every row once (a million take seconds); further paths of the same
tree read a piece of the log each.
"""

from collections.abc import Callable, Iterable
from typing import Final

from ..wire.merkle import EMPTY, leaf, node

_PIECE: Final = 1024  # entries whose hashes are not kept: a power of two


class Tree:
    """entries: gives the entries from `first`, counted from 0, up to and without `end`; of one state of the log."""

    def __init__(self, entries: Callable[[int, int], Iterable[bytes]]) -> None:
        self._entries = entries
        self._kept: dict[tuple[int, int], bytes] = {}  # of ranges of at least a piece

    def root(self, size: int) -> bytes:
        """The root of the tree of the first `size` entries."""
        return self._hash(0, size) if size else EMPTY

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The path of entry `index` in the tree of the first `size` entries. 0 <= index < size."""
        path, first, end = [], 0, size
        while end - first > 1:
            middle = first + _split(end - first)
            if index < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(first, middle))
                first = middle
        return path[::-1]

    def consistency(self, earlier: int, size: int) -> list[bytes]:
        """The path that proves the tree of `earlier` entries to be the beginning of the one of `size`."""
        if earlier in (0, size):
            return []
        path, first, end = [], 0, size
        while earlier != end:
            middle = first + _split(end - first)
            if earlier <= middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(first, middle))
                first = middle
        if first:  # else the verifier has this hash: it is the earlier root
            path.append(self._hash(first, end))
        return path[::-1]

    def _hash(self, first: int, end: int) -> bytes:
        kept = self._kept.get((first, end))
        if kept is not None:
            return kept
        if end - first < _PIECE:
            return _fold([leaf(entry) for entry in self._entries(first, end)])
        if end - first == _PIECE:
            made = _fold([leaf(entry) for entry in self._entries(first, end)])
        else:
            middle = first + _split(end - first)
            made = node(self._hash(first, middle), self._hash(middle, end))
        self._kept[first, end] = made
        return made


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _fold(hashes: list[bytes]) -> bytes:
    """The root over hashes of entries: level by level, the odd one goes up as it is."""
    while len(hashes) > 1:
        pairs = [node(hashes[at], hashes[at + 1]) for at in range(0, len(hashes) - 1, 2)]
        hashes = [*pairs, hashes[-1]] if len(hashes) & 1 else pairs
    return hashes[0]
