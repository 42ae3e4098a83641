"""Merkle trees over SHA-256, as a log of certificates has them: what a path of hashes proves.

Source: RFC 9162 sections 2.1.1, 2.1.3.2 and 2.1.4.2. An entry is bytes; hashes are 32 bytes; a path is a list of them,
the one nearest to the entry first. Making paths needs all entries: see `ledger.tree`.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

EMPTY: Final = sha256(b"").digest()  # the root of a tree without entries


def leaf(entry: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two hashes."""
    return sha256(b"\x01" + left + right).digest()


def root_from(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this inclusion path leads to, in a tree of `size` entries from entry `index`, counted from 0.

    None where a path of this length does not fit (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a consistency path shows that the tree of `second` entries begins with the one of `first` (RFC 9162
    section 2.1.4.2). Trees of one size need no path; a tree without entries begins every tree."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second:
        return first == 0 and not path and first_root == EMPTY
    hashes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not hashes:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(sibling, old), node(sibling, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and (old, new) == (first_root, second_root)
