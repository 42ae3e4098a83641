"""Power cuts at every operation of the flash under the reading log, on a real LittleFS. MicroPython only.

    make cuts                 all of it, some minutes: prints states and seconds

A state is a flash as a cut left it, the power then back: the log must open, hold each reading that it released, give no
number two contents, and take readings again. Each scenario is a flash with a history, and a life on it that is cut at
each of its operations, after several parts of that operation; `again` cuts the life after that one too.
"""

import gc
import os
import time

import littlefs
from emulated.flash import SCATTERED
from littlefs import mounted, read, write
from seal import cose, labels
from seal.reading import RESERVE
from seal.store import FileStore
from test_reading import opened, quantities

littlefs.BLOCKS = 40
PATH = "cuts-" + os.urandom(6).hex() + ".tmp"
PARTS = (0, 3, 9, SCATTERED, 16)
FULL_SEGMENT = 76  # readings: the next few begin another one


class Violation(Exception):
    """The log broke a promise."""


def seq_of(raw):
    return cose.parse(raw).header[labels.CWT_CLAIMS][labels.SEQ]


def with_extents(flash):
    return FileStore("/board", flash)


def without(_):
    return FileStore("/board")


class Life:
    """What a device does between two cuts: `count` readings, with an acknowledgement after the first if `acks`.
    Notes in `released` what it gave out."""

    def __init__(self, released, value, count, acks=False):
        self.released, self.value, self.count, self.acks = released, value, count, acks

    def __call__(self, flash):
        log = opened(with_extents(flash))
        for number in range(self.count):
            raw, digest = log.append(quantities(self.value + number))
            if self.released.get(log.seq, digest) != digest:
                raise Violation("number %d was given twice" % log.seq)
            self.released[log.seq] = digest
            if self.acks and number == 0:
                log.acknowledge(log.seq - 1)


def check(flash, released, acknowledged, last):
    """Raise Violation unless the log has what it released; returns how many numbers it lacks."""
    log = opened(with_extents(flash))
    held = {}
    for raw in log.since(0, 1000):
        message = cose.parse(raw)
        seq = message.header[labels.CWT_CLAIMS][labels.SEQ]
        if seq in held:
            raise Violation("number %d is there twice" % seq)
        held[seq] = message.digest
    for seq, digest in released.items():
        if seq > acknowledged and held.get(seq) != digest:
            raise Violation("reading %d is lost or another" % seq)
    if max(held) > last + 3 * RESERVE + 8:
        raise Violation("numbers leapt to %d" % max(held))
    raw, digest = log.append(quantities(7))
    if log.find(digest) != raw:
        raise Violation("a new reading is not stored")
    return max(held) - min(held) + 1 - len(held)


def history(store_of, count):
    """An action for `mounted`: a log with so many readings."""

    def action(flash):
        log = opened(store_of(flash))
        for value in range(count):
            log.append(quantities(value))

    return action


class Campaign:
    """Counts the states that were tried, and those in which numbers were skipped."""

    def __init__(self):
        self.states = self.skipping = 0

    def run(self, store_of, before, count, acks=False, parts=PARTS, step=1, again=0):
        """Cut a life of `count` readings on a log of `before`. again: also cut the life after each again-th cut, at
        every operation."""
        littlefs.format(PATH)
        if mounted(PATH, history(store_of, before)):
            raise Violation("the history was cut")
        start = read(PATH)
        for part in parts:
            operation, cut = part % step, True
            while cut:
                operation += step
                released = {}
                cut = self._cut(start, Life(released, 1000, count, acks), operation, part)
                if again and operation % again == 0 and cut:
                    self._second(read(PATH), released, before, acks, part)
                self._judge(released, before, acks, (before, operation, part))
        os.remove(PATH)

    def _cut(self, image, life, operation, part):
        write(PATH, image)

        def action(flash):
            flash.cut_after(operation, part)
            life(flash)

        cut = mounted(PATH, action)
        gc.collect()
        return cut

    def _second(self, image, released, before, acks, part):
        operation, cut = 0, True
        while cut:
            operation += 1
            mine = dict(released)
            cut = self._cut(image, Life(mine, 2000, 2), operation, part)
            self._judge(mine, before, acks, (before, "second", operation, part))
        write(PATH, image)

    def _judge(self, released, before, acks, where):
        last = max([before] + list(released))
        found = []
        try:
            if mounted(PATH, Life(released, 3000, 2)):
                raise Violation("cut")
            mounted(PATH, lambda flash: found.append(check(flash, released, before + 1 if acks else 0, last)))
        except Exception as error:
            raise Violation("%s after a cut at %s" % (repr(error), where))
        gc.collect()
        self.states += 1
        self.skipping += found[0] > 0


def everything():
    """The whole campaign: more than 5,000 states."""
    campaign, began = Campaign(), time.time()
    for store_of, before, count, acks, again in (
        (with_extents, 0, 2, False, 6),  # a new board
        (with_extents, 15, 4, False, 1),  # a block of numbers is reserved
        (with_extents, FULL_SEGMENT, 3, False, 7),  # a segment is erased ahead
        (with_extents, FULL_SEGMENT + 1, 3, True, 7),  # and the one before is pruned
        (without, 15, 4, False, 6),  # a segment of an earlier version takes more
        (without, 16, 5, True, 8),  # and the first one is erased ahead
    ):
        states = campaign.states
        campaign.run(store_of, before, count, acks, again=again)
        print("%d readings before: %d states" % (before, campaign.states - states))
    seconds = time.time() - began
    print("0 violations in %d states, %d of which skip numbers; %d s" % (campaign.states, campaign.skipping, seconds))


if __name__ == "__main__":
    everything()
