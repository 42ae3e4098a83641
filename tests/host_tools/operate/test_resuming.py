"""A long bundle is continued from the file beside it; where that is missing or wrong, the bundle itself is read."""

import pytest
from sealwright.operate import resuming
from sealwright.operate.collecting import Collector
from sealwright.operate.resuming import Covered, index_of, note, recall
from sealwright.wire.bundle import BundleWriter, read_bundle
from sealwright.wire.messages import parse_message

from tests.host_tools.factory import Network

NET = Network()


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """(path, device, its messages) of a bundle with an index."""
    monkeypatch.setattr(resuming, "WORTH", 10)
    device, payee = NET.device("station"), NET.device("payee")
    channel = device.open(payee)
    messages = [device.certificate, channel, device.voucher(channel, 5), *(device.reading() for _ in range(60))]
    path, collector = tmp_path / "day.bundle", Collector()
    with BundleWriter(path) as writer:
        for message in messages:
            assert collector.take(message)
            writer.add(message)
        note(path, Covered(writer.size, writer.count), collector, len(messages))
    return path, device, messages


def resumed(path):
    """(what the index covers, a collector that has remembered all of the bundle)"""
    collector = Collector()
    covered = recall(path, collector)
    for raw in read_bundle(path, covered.size):
        collector.remember(raw)
    return covered, collector


def test_what_the_index_covers_is_not_read_again(bundle):
    path, device, messages = bundle
    covered, collector = resumed(path)
    assert covered == (path.stat().st_size, len(messages))
    assert not any(collector.take(message) for message in messages[:3])
    assert collector.last(device.key.public).raw == messages[-1].raw
    with BundleWriter(path, append=True, whole=covered) as writer:
        assert (writer.count, writer.size) == (len(messages), path.stat().st_size)
        writer.add(device.reading())
    assert len(list(read_bundle(path))) == len(messages) + 1


def test_what_was_taken_and_not_kept_is_asked_for_again(bundle):
    """An interrupt came between the two: by its index the bundle would have a reading that it has not."""
    path, device, messages = bundle
    covered, collector = resumed(path)
    kept, dropped = device.reading(), device.reading()
    with BundleWriter(path, append=True, whole=covered) as writer:
        assert collector.take(kept) and collector.take(dropped)
        writer.add(kept.raw)
        note(path, Covered(writer.size, writer.count), collector, collector.taken - 1)
    _, again = resumed(path)
    assert again.last(device.key.public).raw == kept.raw
    assert again.take(dropped)


def test_what_was_added_since_is_read(bundle):
    path, device, messages = bundle
    more = device.reading()
    with BundleWriter(path, append=True) as writer:
        writer.add(more)
    covered, collector = resumed(path)
    assert covered.messages == len(messages) and collector.last(device.key.public).raw == more.raw
    with BundleWriter(path, append=True, whole=covered) as writer:
        assert writer.count == len(messages) + 1


def cut(path, index):
    path.write_bytes(path.read_bytes()[:-300])


def changed(path, index):
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))


def spoilt(path, index):
    data = bytearray(index.read_bytes())
    data[-40] ^= 1
    index.write_bytes(data)


def missing(path, index):
    index.unlink()


def strange(path, index):
    index.write_bytes(b"{}\n")


@pytest.mark.parametrize("damage", [cut, changed, spoilt, missing, strange], ids=lambda damage: damage.__name__)
def test_an_index_that_is_not_the_bundle_s_is_left_aside(bundle, damage):
    path, _, messages = bundle
    damage(path, index_of(path))
    assert recall(path, Collector()) == Covered(0, 0)
    if damage is not cut:  # a bundle that breaks off is refused when it is read
        _, collector = resumed(path)
        assert not any(collector.take(parse_message(raw)) for raw in read_bundle(path))


def test_a_short_bundle_has_no_index(bundle, tmp_path, monkeypatch):
    path, *_ = bundle
    monkeypatch.setattr(resuming, "WORTH", 10**6)
    index_of(path).unlink()
    note(path, Covered(path.stat().st_size, 63), Collector(), 0)
    assert not index_of(path).exists()
