"""The reading log on a real LittleFS whose power goes at every operation of its flash: what was released stays, no
number names two readings, and a lost end skips its block only. `make cuts` tries far more states."""

import os

import littlefs
from check import raises
from emulated.flash import SCATTERED
from littlefs import cut_everywhere, mounted
from log_cuts import FULL_SEGMENT, Campaign, with_extents, without
from seal import cose, labels, segments
from seal.errors import StateDamaged
from seal.reading import RESERVE
from seal.store import FileStore
from test_reading import opened, quantities

PATH = "log-" + os.urandom(6).hex() + ".tmp"
BEFORE = 15  # readings: the cuts then meet the reservation of a block, and the beginning of a segment


def digests(log):
    found = {}
    for raw in log.since(0, 1000):
        message = cose.parse(raw)
        seq = message.header[labels.CWT_CLAIMS][labels.SEQ]
        assert seq not in found
        found[seq] = message.digest
    return found


def begin(flash):
    log = opened(FileStore("/board"))
    for value in range(BEFORE):
        log.append(quantities(value))


def life(released, value, count):
    """An action for `mounted`: a few readings, those released noted."""

    def action(flash):
        log = opened(FileStore("/board"))
        for number in range(count):
            raw, digest = log.append(quantities(value + number))
            seq = cose.parse(raw).header[labels.CWT_CLAIMS][labels.SEQ]
            assert released.get(seq, digest) == digest, "number %d was given twice" % seq
            released[seq] = digest

    return action


def test_cut_at_every_operation_of_flash():
    littlefs.format(PATH)
    assert not mounted(PATH, begin)
    burnt, released = [], {}
    for operation, part in cut_everywhere(PATH, life(released, 1000, 6)):
        last = max([BEFORE] + list(released))
        assert not mounted(PATH, life(released, 2000, 3))
        held = []
        assert not mounted(PATH, lambda flash: held.append(digests(opened(FileStore("/board")))))
        assert all(held[0][seq] == digest for seq, digest in released.items()), (operation, part)
        newest = max(held[0])
        lost = newest - len(held[0])
        assert lost <= RESERVE and newest <= last + RESERVE + 3, (operation, part, lost)
        burnt.append(lost)
        released.clear()
    assert len(burnt) > 60, "each of three parts has over twenty operations"
    assert 0 in burnt and max(burnt) > 0, "a cut between a segment's name and its first reading burns a block"
    assert burnt.count(0) > len(burnt) * 3 // 4, (burnt.count(0), len(burnt))
    os.remove(PATH)


def test_cut_at_operations_of_extents_and_again():
    campaign = Campaign()
    campaign.run(with_extents, 15, 3, parts=(9, SCATTERED), again=5)
    campaign.run(with_extents, FULL_SEGMENT, 3, True, parts=(SCATTERED,), step=3)
    campaign.run(without, 16, 3, parts=(9,), step=3)
    assert campaign.states > 60 and 0 < campaign.skipping < campaign.states


def on_new_flash(life):
    littlefs.format(PATH)
    try:
        assert not mounted(PATH, life)
    finally:
        os.remove(PATH)


def with_log(flash, count):
    """(store, log, name and end of its segment) after so many readings."""
    store = FileStore("/board", flash)
    log = opened(store)
    for value in range(count):
        log.append(quantities(value))
    name = log.segments()[-1]
    segment = segments.Segment(store, name)
    assert segment.is_ahead and len(list(segment.messages())) == count
    return store, log, name, segment.end


def test_anything_after_the_last_reading_is_a_torn_one():
    def life(flash):
        for at, torn in ((0, b"\x00"), (1, b"\x7f"), (2, b"\xfe"), (300, b"\x00\x00"), (9000, b"\x01")):
            clear()
            store, log, name, end = with_log(flash, 5)
            store.program(name, end + at, torn)
            again = opened(FileStore("/board", flash))
            assert (again.seq, again.prev) == (RESERVE, log.prev), at
            again.append(quantities(6))
            assert len(again.segments()) == 2 and len(again.since(0, 99)) == 6

    on_new_flash(life)


def clear():
    for name in os.listdir("/board"):
        os.remove("/board/" + name)


def test_a_damaged_reading_locks_unless_it_is_the_last():
    def life(flash):
        store, log, name, end = with_log(flash, 5)
        frame = len(segments.frame(log.last))
        good = store.read(name)
        for at, opens in ((end - 20, True), (end - frame - 20, False), (20, False)):
            with open("/board/" + name, "wb") as file:
                file.write(good[:at] + bytes((good[at] ^ 1,)) + good[at + 1 :])
            if opens:
                assert opened(FileStore("/board", flash)).seq == RESERVE
            else:
                raises(StateDamaged, opened, FileStore("/board", flash))

    on_new_flash(life)


def test_an_empty_segment_after_a_torn_one_keeps_the_numbers():
    def life(flash):
        store, log, name, end = with_log(flash, 5)
        store.program(name, end, b"\x00")
        log = opened(store)

        def fails(*_):
            raise OSError(5)

        store.program = fails
        raises(OSError, log.append, quantities(6))  # the segment is there, and the journal names it
        again = opened(FileStore("/board", flash))
        assert again.seq == RESERVE and len(again.segments()) == 2
        raw, _ = again.append(quantities(7))
        assert cose.parse(raw).header[labels.CWT_CLAIMS][labels.SEQ] == RESERVE + 1

    on_new_flash(life)


def test_a_segment_that_the_journal_does_not_name_hides_no_reading():
    def life(flash):
        store, log, name, _ = with_log(flash, 5)
        store.create_ahead(segments.name(6), 1)
        again = opened(FileStore("/board", flash))
        assert again.segments() == [name] and again.seq == 5
        for value in range(5):
            again.append(quantities(value))
        assert len(again.since(0, 99)) == 10

    on_new_flash(life)
