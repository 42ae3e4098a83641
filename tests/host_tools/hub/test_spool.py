"""The spool by itself: torn tails, positions, its bound, a disk that is full, and a writer that is killed."""

import errno
import os
import random

import pytest
from sealwright.hub.consuming import Consumer
from sealwright.hub.positions import Position, keep_position, path_of, read_position, segments
from sealwright.hub.spool import CONSUMERS, Spool, SpoolFull, whole

from tests.host_tools.factory import Network, hash32
from tests.host_tools.ledger.processes import Child

NET = Network()
DEVICE = NET.device("spooled")
MESSAGES = [DEVICE.reading(n).raw for n in range(60)]
SUPPORT = {hash32("one"): DEVICE.certificate.raw}


def drain(folder, name="settle", size=1 << 20):
    """Everything that a consumer has not passed yet; it passes it."""
    consumer, found = Consumer(folder, name, size=size), []
    while (batch := consumer.next()) is not None:
        found += batch.messages
        consumer.passed(batch)
    return found


def readings(raws):
    return [raw for raw in raws if raw != DEVICE.certificate.raw]


def test_every_segment_checks_by_itself_and_consumers_go_at_their_own_pace(tmp_path):
    spool = Spool(tmp_path, segment=2000)
    for start in range(0, 60, 3):
        spool.add(MESSAGES[start : start + 3], SUPPORT)
    there = segments(tmp_path)
    assert len(there) > 3
    for number in there:
        assert path_of(tmp_path, number).read_bytes().startswith(DEVICE.certificate.raw)
    assert readings(drain(tmp_path, size=700)) == MESSAGES
    assert spool.trim() == 0 and segments(tmp_path) == there, "the other one has read nothing"
    slow = Consumer(tmp_path, "readings", supports=lambda raw: raw == DEVICE.certificate.raw, size=500)
    first = slow.next()
    assert first.support == [] and first.messages[0] == DEVICE.certificate.raw
    slow.passed(first)
    assert slow.next().support == [DEVICE.certificate.raw]
    again = Consumer(tmp_path, "readings", supports=lambda raw: raw == DEVICE.certificate.raw, size=500)
    assert again.next() == slow.next() and again.behind() > 0, "as after a restart"
    assert readings(drain(tmp_path, "readings")) == MESSAGES[len(first.messages) - 1 :]
    assert spool.trim() == len(there) - 1 and spool.room == spool._most - spool.size
    spool.close()
    assert spool.trim() == 1 and segments(tmp_path) == []
    spool = Spool(tmp_path)
    spool.add(MESSAGES[:1], {})
    assert segments(tmp_path) == [there[-1] + 1], "no number comes again, or its consumers would miss what is in it"
    assert drain(tmp_path) == MESSAGES[:1]


@pytest.mark.parametrize("cut", [1, 50, 200])
@pytest.mark.parametrize("end", [b"", bytes(300), b"\xd2\x84\x51\xa3", b"\xff" * 20])
def test_a_torn_tail_is_cut_off_and_nothing_after_it_is_missed(tmp_path, cut, end):
    spool = Spool(tmp_path)
    spool.add(MESSAGES[:5], {})
    consumer = Consumer(tmp_path, "settle")
    consumer.passed(consumer.next())  # perhaps of what a power cut takes back
    path = path_of(tmp_path, 1)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - cut] + end)
    assert consumer.next() is None
    spool = Spool(tmp_path)
    left = path.read_bytes()
    assert whole(left) == len(left), "what is left is whole, if a message with blank bytes in it, which no key signed"
    spool.add(MESSAGES[5:9], {})
    assert drain(tmp_path) == MESSAGES[5:9]
    found = drain(tmp_path, "readings")
    assert found[:3] == MESSAGES[:3] and found[-4:] == MESSAGES[5:9] and not set(found) & {MESSAGES[4]}


def test_a_position_that_is_lost_or_damaged_begins_anew(tmp_path):
    spool = Spool(tmp_path)
    spool.add(MESSAGES[:3], {})
    assert drain(tmp_path) == MESSAGES[:3]
    (tmp_path / "settle.position").write_text("nonsense")
    assert read_position(tmp_path, "settle") == Position()
    assert drain(tmp_path) == MESSAGES[:3]


def test_a_disk_that_is_full_leaves_no_half_message(tmp_path, monkeypatch):
    spool, write = Spool(tmp_path), os.write
    spool.add(MESSAGES[:2], {})

    def full(handle, data):
        if len(data) > 100:
            return write(handle, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SpoolFull) as refused:
        spool.add(MESSAGES[2:4], {})
    assert refused.value.code == "disk_full" and refused.value.remedy
    monkeypatch.setattr(os, "write", write)
    assert drain(tmp_path) == MESSAGES[:2]
    spool.add(MESSAGES[2:4], {})
    assert drain(tmp_path) == MESSAGES[2:4]


def test_a_full_spool_goes_on_once_its_consumers_have(tmp_path):
    spool, size = Spool(tmp_path, most=4 * len(MESSAGES[5])), 0
    while spool.room:
        spool.add(MESSAGES[size : size + 1], {})
        size += 1
    assert spool.trim() == 0 and spool.room == 0
    for name in CONSUMERS:
        drain(tmp_path, name)
    assert spool.trim() > 0 and spool.room > 0


def test_what_a_killed_writer_said_is_there(tmp_path):
    draw = random.Random(3)
    for n in range(6):
        folder = tmp_path / str(n)
        folder.mkdir()

        def work(tell):
            spool = Spool(folder, segment=3000)
            for start in range(0, 60, 2):
                spool.add(MESSAGES[start : start + 2], SUPPORT)
                tell(start + 2)

        child, said = Child(work), 0
        for _ in range(draw.randrange(1, 25)):
            said = child.next()
        told, _ = child.kill()
        said = max([said, *told])
        Spool(folder)
        found = readings(drain(folder))
        assert found == MESSAGES[: len(found)] and said <= len(found) <= said + 2


def test_a_position_never_says_more_than_was_done(tmp_path):
    keep_position(tmp_path, "settle", Position(3, 17))
    assert read_position(tmp_path, "settle") == Position(3, 17)
    assert Spool(tmp_path).trim() == 0
