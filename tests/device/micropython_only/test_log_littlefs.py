"""The reading log on a real LittleFS whose power goes at every operation of its flash: what was released stays, no
number names two readings, and a lost end skips its block only. `make cuts` tries far more states."""

import os

import littlefs
from emulated.flash import SCATTERED
from littlefs import cut_everywhere, mounted
from log_cuts import FULL_SEGMENT, Campaign, with_extents, without
from seal import cose, labels
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
