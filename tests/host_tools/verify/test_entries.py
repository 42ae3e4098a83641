"""Entries of logs: each number's first digest stays, whatever the order, and memory does not grow with them."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.verify import entries
from sealwright.verify.entries import Entries, Shelf

from tests.host_tools.factory import hash32

NUMBERS = st.one_of(st.integers(0, 12), st.integers(2**64 - 9, 2**64 - 1))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), NUMBERS, st.binary(min_size=32, max_size=32)), max_size=60),
    st.sampled_from((1, 2, 5, 128)),
)
def test_the_first_entry_of_a_number_stays(added, block):
    shelf = Shelf()
    model, kept = {False: {}, True: {}}, {False: Entries(shelf), True: Entries(shelf)}
    shelf.block = block
    for log, seq, digest in added:
        model[log].setdefault(seq, digest)
        kept[log].add(seq, digest)
        near = [*range(14), *range(2**64 - 9, 2**64)]
        assert [kept[log].get(n) for n in near] == [model[log].get(n) for n in near]
        assert kept[log].end == max(model[log]) + 1


@pytest.mark.parametrize("order", ["rising", "falling", "in pairs"])
def test_memory_does_not_grow_with_a_log(order, monkeypatch):
    monkeypatch.setattr(entries, "_IN_MEMORY", 1 << 14)
    count = 40_000
    numbers = {
        "rising": range(1, count),
        "falling": range(count, 0, -1),
        "in pairs": (n ^ 1 for n in range(count)),
    }[order]
    digest = hash32("one")
    tracemalloc.start()
    kept = Entries(Shelf())
    for n in numbers:
        kept.add(n, digest)
    # a test runner's other threads keep things, too
    traces = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, entries.__file__)]).traces
    grown = sum(trace.size for trace in traces)
    tracemalloc.stop()
    assert grown < (30 if order == "in pairs" else 5) * count  # where the digests alone are 32 bytes each
    assert kept.get(1) == kept.get(count // 2) == digest


def test_many_logs_together_keep_few_records_waiting(monkeypatch):
    monkeypatch.setattr(entries, "_WAITING", 256)
    shelf, record = Shelf(), hash32("one")
    logs = [Entries(shelf) for _ in range(20)]
    for log in logs:
        for seq in range(1, 100):
            log.add(seq, record)
    assert sum(len(log._records) for log in logs) <= 256 * len(record)
    assert all(log.get(seq) == record for log in logs for seq in (1, 50, 99))
