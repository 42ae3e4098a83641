"""Scenarios of `cuts`: readings, segments begun and erased ahead, and pruning. `make cuts` has more of them."""

from cut_scenario import Scenario, ask, provisioned, started
from log_cuts import FULL_SEGMENT


class Readings(Scenario):
    """`count` readings after `first`; the owner acknowledges all but the newest where `acks`."""

    step = 11

    def __init__(self, name, first, count, acks, again):
        self.name, self._first, self._count, self._acks, self.again = name, first, count, acks, again

    def before(self, flash, told):
        device = provisioned(flash, told)
        for _ in range(self._first):
            told.reading(device.sample()[0])

    def life(self, flash, told):
        device = started(flash)
        while device.log.seq < self._first + self._count:
            told.reading(device.sample()[0])
        seq = self._first + 1
        if self._acks and device.log.acknowledged < seq:
            told.acknowledged = seq
            ask(device, told, "ack", {1: seq})

    def is_done(self, device):
        assert device.log.seq >= self._first + self._count
        names = device.log.segments()
        assert not self._acks or (device.log.acknowledged == self._first + 1 and len(names) <= 2), names


SCENARIOS = [
    Readings("first", 0, 2, False, 2),
    Readings("block", 15, 3, False, 1),
    Readings("segment", FULL_SEGMENT, 4, False, 3),
    Readings("pruning", FULL_SEGMENT, 4, True, 3),
]
