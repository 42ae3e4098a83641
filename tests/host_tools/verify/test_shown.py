"""What a bundle has shown, in memory or in a scratch database: the same answers, and memory that does not grow."""

import errno
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealwright.verify import BundleMemory, Policy, Verifier, bundle_memory, entries, shown
from sealwright.verify.shown import Digests, Place, Scratch, Shown, Vouchers
from sealwright.wire.messages import Ticks

from tests.host_tools.factory import DAY, NOW, Network, hash32
from tests.host_tools.web import drawing

NETWORK = Network()
PAYER, PAYEE = NETWORK.device("payer"), NETWORK.device("payee")
CHANNEL = PAYER.open(PAYEE, 10**9)
CHAIN = Ticks(hash32("root"), 10, 1)
MADE = {
    (lane, seq, kind): PAYER.voucher(CHANNEL, 10 * seq + kind, seq, lane, ticks=CHAIN if kind == 2 else None)
    for lane in (0, 64)  # and one that no channel has
    for seq in range(1, 5)
    for kind in range(4)
}


def all_on_disk(monkeypatch):
    """Have what is kept go to the disk at once."""
    monkeypatch.setattr(shown, "_IN_MEMORY", 1)
    monkeypatch.setattr(shown, "_DIGESTS", 1)
    monkeypatch.setattr(entries, "_LEAST", 1)
    monkeypatch.setattr(entries, "_WAITING", 1)


def test_drawn_bundles_have_the_same_verdicts_on_disk(monkeypatch):
    jobs = list(drawing.jobs("shown", 150))
    expected = [job.expected() for job in jobs]
    all_on_disk(monkeypatch)
    assert [job.expected() for job in jobs] == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(MADE)), st.booleans()), max_size=40), st.integers(1, 5))
def test_every_voucher_is_found_and_the_first_of_its_number_stays(kept, few):
    memory, first, taken = BundleMemory(), {}, {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shown, "_IN_MEMORY", 600 * few)
        memory._vouchers._shelf.block = few
        memory.keep_channel(bundle_memory.Terms(CHANNEL.digest, b"", b"", "", 1, 1, 1))
        for key, holds in kept:
            message = MADE[key]
            memory.keep_voucher(message, None, taken=holds)
            first.setdefault(key[:2], message.digest)
            taken[key] = taken.get(key, False) or holds
        for key, message in MADE.items():
            body = message.body
            assert body.lane or memory.numbered(CHANNEL.digest, 0, body.seq) == first.get(key[:2])
            assert memory.seen(message) is taken.get(key, False)
            found = memory.acknowledged(PAYEE.receipt(message).body)
            assert (found is not None) is (key in taken)
            assert found is None or (found.amount, found.ticks, found.seq) == (body.amount, body.ticks, body.seq)


def test_a_receipt_of_another_place_acknowledges_nothing():
    memory = BundleMemory()
    memory.keep_channel(bundle_memory.Terms(CHANNEL.digest, b"", b"", "", 1, 1, 1))
    memory.keep_voucher(MADE[0, 1, 0], None, taken=True)
    right = PAYEE.receipt(MADE[0, 1, 0]).body
    assert memory.acknowledged(right) is not None
    for wrong in ({"seq": 2}, {"lane": 1}, {"channel": hash32("other")}, {"voucher": hash32("other")}):
        assert memory.acknowledged(replace(right, **wrong)) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=1), max_size=30), st.integers(1, 4))
def test_every_digest_is_found(added, few):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shown, "_DIGESTS", few)
        kept = Digests(Scratch())
        for one in added:
            kept.add(one)
        assert [bytes([n]) in kept for n in range(256)] == [bytes([n]) in added for n in range(256)]


@pytest.mark.parametrize("lanes", [1, 20])
def test_memory_does_not_grow_with_the_vouchers_of_a_lane(lanes, monkeypatch):
    all_on_disk(monkeypatch)
    monkeypatch.setattr(entries, "_LEAST", 8)  # of lanes in turn, so many together take 24 bytes
    monkeypatch.setattr(entries, "_IN_MEMORY", 1 << 12)
    count = 2_000
    paid = [PAYER.voucher(CHANNEL, n, seq=n, lane=lane).raw for n in range(1, count // lanes) for lane in range(lanes)]
    receipts = [PAYEE.receipt(PAYER.voucher(CHANNEL, n, seq=n)).raw for n in range(1, 50)]
    verifier = Verifier([NETWORK.root], Policy(at=NOW + DAY))
    for raw in (PAYER.certificate.raw, PAYEE.certificate.raw, CHANNEL.raw, *paid[: 5 * lanes], *receipts[:5]):
        assert verifier.check(raw).ok
    tracemalloc.start()
    try:
        assert all(verifier.check(raw).ok for raw in (*paid[5 * lanes :], *receipts[5:]))
        kept = [tracemalloc.Filter(True, module.__file__) for module in (entries, shown, bundle_memory)]
        grown = sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(kept).traces)
    finally:
        tracemalloc.stop()
    assert grown < 5 * count + 20_000


def test_a_full_disk_is_an_error_of_the_system(monkeypatch):
    monkeypatch.setattr(shown, "_SCHEMA", f"PRAGMA max_page_count = 8; {shown._SCHEMA}")
    monkeypatch.setattr(shown, "_DIGESTS", 1000)
    kept = Digests(Scratch())
    with pytest.raises(OSError, match="TMPDIR") as caught:
        for n in range(2000):
            kept.add(hash32(str(n)))
    assert caught.value.errno == errno.ENOSPC
    assert hash32("0") in kept, "nothing that was kept is lost"


def test_a_voucher_says_what_a_receipt_needs():
    kept = Vouchers(Scratch())
    lane, place = kept.lane(), Place(CHANNEL.digest, 3, 7)
    kept.put(lane, 7, hash32("one"), 2**63 - 1)
    found = kept.find(lane, place, hash32("one"))
    assert isinstance(found, Shown) and (found.body.channel, found.body.amount) == (CHANNEL.digest, 2**63 - 1)
    assert kept.find(lane, place, hash32("other")) is None and kept.first(lane, 8) is None


def test_vouchers_that_are_kept_whole_are_bounded_by_their_bytes(monkeypatch):
    monkeypatch.setattr(shown, "_IN_MEMORY", 1 << 16)
    kept = Vouchers(Scratch())
    merged = tuple((1, n) for n in range(2_000))
    large = [PAYER.voucher(CHANNEL, 1, seq=seq, merges=merged) for seq in range(50)]
    for message in large:
        kept.put_whole(kept.lane(), message, taken=False)
        assert sum(len(raw) for _, raw in kept._newest.values()) <= 1 << 16
    assert kept.find(None, Place(CHANNEL.digest, 0, 7), large[7].digest).body == large[7].body


def test_each_lane_that_no_channel_has_takes_no_memory_of_its_own():
    memory = BundleMemory()
    memory.keep_channel(bundle_memory.Terms(CHANNEL.digest, b"", b"", "", 1, 1, 1))
    for lane in (63, 64, 65, 2**64 - 1):
        memory.keep_voucher(PAYER.voucher(CHANNEL, 1, lane=lane), None, taken=False)
    assert list(memory.known(CHANNEL.digest).numbers) == [63]


def test_what_a_failed_write_kept_before_is_still_there(monkeypatch):
    monkeypatch.setattr(shown, "_SCHEMA", f"PRAGMA max_page_count = 8; {shown._SCHEMA}")
    scratch = Scratch()
    put = "INSERT INTO digests VALUES (?)"
    scratch.write(put, [(hash32("one"),)])
    for _ in range(2):
        with pytest.raises(OSError):
            scratch.write(put, [(hash32(str(n)),) for n in range(5_000)])
    assert scratch.one("SELECT count(*) FROM digests") == (1,)
    scratch.write(put, [(hash32("two"),)])
