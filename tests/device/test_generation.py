"""An old flash beside a counter that only rises: noticed at the next start; a power cut never looks like one."""

from check import raises
from rig import PowerCut, RamStore
from seal import generation, rollback
from seal.errors import ElementSilent, RolledBack
from seal.generation import GENERATION_RECORD, Generation
from seal.journal import Journal


class Chip:
    """A keystore's counter. skips: what it loses as power fails."""

    def __init__(self):
        self.count = 0
        self.is_gone = False

    def generation(self, is_raised=False):
        if self.is_gone:
            raise ElementSilent("gone")
        self.count += is_raised
        return self.count


def start(store, chip):
    journal = Journal(store)
    if not journal.load():
        journal.format()
    counted = Generation(journal, chip)
    counted.start()
    return journal, counted


def test_restarts_are_no_rollback():
    store, chip = RamStore(), Chip()
    for number in range(1, 6):
        journal, _ = start(store, chip)
        assert journal.get(GENERATION_RECORD) == chip.count == number and not rollback.is_locked(journal)


def test_old_flash_is_noticed():
    store, chip = RamStore(), Chip()
    start(store, chip)
    old = dict(store.files)
    start(store, chip)
    start(store, chip)
    journal, _ = start(RamStore(old), chip)
    raises(RolledBack, rollback.check, journal)
    rollback.unlock(journal)
    journal, _ = start(journal._store, chip)
    rollback.check(journal)


def test_flash_of_another_chip_is_noticed():
    store, chip = RamStore(), Chip()
    chip.count = 40
    start(store, chip)
    journal, _ = start(store, Chip())
    assert rollback.is_locked(journal)


def test_power_cuts_and_a_skipped_number_are_no_rollback():
    for skipped in (0, 1):
        for late in (False, True):
            store, chip = RamStore(), Chip()
            start(store, chip)
            store.cut_after(1, late)
            raises(PowerCut, start, store, chip)
            chip.count += skipped if late else 0
            journal, _ = start(RamStore(store.files), chip)
            assert not rollback.is_locked(journal), (skipped, late)


def test_promises_raise_it_once_a_minute():
    now = [10]
    generation.ticks_ms, before = lambda: now[0], generation.ticks_ms
    try:
        chip = Chip()
        _, counted = start(RamStore(), chip)
        for _ in range(5):
            counted.promise()
        assert chip.count == 2
        now[0] += generation.STEP_MS
        counted.promise()
        counted.promise()
        assert chip.count == 3
    finally:
        generation.ticks_ms = before


def test_flash_of_before_a_payment_comes_back_once_at_most():
    store, chip = RamStore(), Chip()
    start(store, chip)
    old = dict(store.files)
    for number in range(3):
        journal, counted = start(RamStore(old), chip)
        if number:
            assert rollback.is_locked(journal)
        else:
            counted.promise()


def test_promise_without_the_chip_is_none():
    now = [10]
    generation.ticks_ms, before = lambda: now[0], generation.ticks_ms
    try:
        chip = Chip()
        _, counted = start(RamStore(), chip)
        now[0] += generation.STEP_MS
        chip.is_gone = True
        raises(ElementSilent, counted.promise)
    finally:
        generation.ticks_ms = before
