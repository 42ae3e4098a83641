"""Merkle trees: the roots of other people's test data, and every path of small trees."""

from hashlib import sha256

import pytest
from sealwright.ledger.tree import Tree
from sealwright.wire.merkle import EMPTY, is_consistent, leaf, root_from

# the entries and roots that implementations of RFC 6962 and RFC 9162 share as test data
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MOST = 33
NUMBERED = [sha256(b"%d" % number).digest() for number in range(5000)]


def tree(entries=NUMBERED):
    return Tree(lambda first, end: entries[first:end])


def test_roots_of_the_shared_test_data():
    assert [tree(ENTRIES).root(size).hex() for size in range(9)] == ROOTS


def test_every_inclusion_path_of_small_trees_leads_to_the_root_and_to_no_other():
    made = tree()
    for size in range(1, MOST):
        root = made.root(size)
        for index in range(size):
            path = made.inclusion(index, size)
            assert root_from(leaf(NUMBERED[index]), index, size, path) == root
            others = {other for other in range(size + 2) if other != index}
            wrong = [(leaf(NUMBERED[index]), other, size, path) for other in others]
            wrong += [(leaf(NUMBERED[size]), index, size, path), (leaf(NUMBERED[index]), index, size, [*path, root])]
            wrong += [(leaf(NUMBERED[index]), index, size, path[:-1])] if path else []
            assert all(root_from(*one) != root for one in wrong), (index, size)


def test_every_consistency_path_of_small_trees():
    made = tree()
    roots = [made.root(size) for size in range(MOST)]
    for size in range(1, MOST):
        for earlier in range(size + 1):
            path = made.consistency(earlier, size)
            assert is_consistent(earlier, roots[earlier], size, roots[size], path)
            assert not is_consistent(earlier, roots[earlier], size, roots[size], [*path, roots[size]])
            if earlier:
                assert not is_consistent(earlier, roots[earlier], size, roots[size - 1], path)
                assert not is_consistent(earlier, roots[earlier - 1], size, roots[size], path)
            others = {other for other in range(1, size) if other != earlier} if earlier else set()
            assert not any(is_consistent(other, roots[earlier], size, roots[size], path) for other in others)


@pytest.mark.parametrize("size", [1023, 1024, 1025, 2048, 2049, 4999, 5000])
def test_pieces_of_the_log_change_no_root_and_are_read_once(size):
    read = []

    def entries(first, end):
        read.append(end - first)
        return NUMBERED[first:end]

    made = Tree(entries)
    root = made.root(size)
    assert root == tree(NUMBERED[:size]).root(size) and sum(read) == size
    assert root == plain_root(NUMBERED[:size])
    for index in (0, size // 2, size - 1):
        read.clear()
        assert root_from(leaf(NUMBERED[index]), index, size, made.inclusion(index, size)) == root
        assert sum(read) <= 2 * 1024, "a path reads a piece of the log"


def test_a_tree_without_entries_begins_every_tree():
    assert tree().root(0) == EMPTY
    assert is_consistent(0, EMPTY, 3, tree().root(3), [])
    assert not is_consistent(0, EMPTY, 3, tree().root(3), [EMPTY])
    assert not is_consistent(3, tree().root(3), 0, EMPTY, [])


def plain_root(entries):
    """RFC 9162 section 2.1.1, word for word."""
    if len(entries) == 1:
        return leaf(entries[0])
    k = 1
    while 2 * k < len(entries):
        k *= 2
    return sha256(b"\x01" + plain_root(entries[:k]) + plain_root(entries[k:])).digest()
