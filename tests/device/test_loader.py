"""The loader: trials are counted down before they run, confirmed or rolled back; damaged state runs the old slot."""

import os

import loader
from updates import Chip, Reset, boot, new_root, remove


def wrapped(test):
    def run():
        root = new_root()
        try:
            test(root)
        finally:
            remove(root)

    return run


def write(root, name, text):
    with open(root + "/" + name, "w") as file:
        file.write(text)


def names(root):
    return sorted(os.listdir(root))


@wrapped
def test_path_is_unchanged_without_slots(root):
    slots, path = boot(root)
    assert (slots.slot, slots.on_trial, slots.spare, slots.rolled_back, path) == (None, False, "a", None, None)
    assert names(root) == []


@wrapped
def test_slot_in_use_comes_first_on_path(root):
    slots, _ = boot(root)
    slots.activate("b")
    slots, path = boot(root)
    assert (slots.slot, slots.on_trial, slots.spare, path) == ("b", False, "a", root + "/b")


@wrapped
def test_old_slot_runs_after_last_trial_boot(root):
    slots, _ = boot(root)
    slots.activate("a")
    slots.begin_trial("b", 7, 2)
    for left in (1, 0):
        chip = Chip()
        slots, path = boot(root, chip)
        assert (slots.slot, slots.on_trial, path) == ("b", True, root + "/b") and chip.fed == 0
        with open(root + "/trial") as file:
            assert file.read() == "b %d 7" % left  # on flash before the slot has run a line
        assert slots.rolled_back is None
    for _ in range(2):
        chip = Chip()
        slots, path = boot(root, chip)
        assert (slots.slot, slots.on_trial, slots.rolled_back, path) == ("a", False, 7, root + "/a")
        assert chip.fed is None and names(root) == ["rolled-back", "slot"]
    slots.begin_trial("b", 8)
    assert boot(root)[0].rolled_back is None


def fill(root, slot):
    os.mkdir(root + "/" + slot)
    write(root, slot + "/manifest", "signed")


@wrapped
def test_other_slot_replaces_an_incomplete_one(root):
    for slot, other in (("a", "b"), ("b", "a")):
        fill(root, other)
        for _ in range(2):  # `slot` is missing, then an empty folder
            write(root, "slot", slot)
            slots, path = boot(root)
            assert (slots.slot, slots.on_trial, slots.spare, path) == (other, False, slot, root + "/" + other)
            with open(root + "/slot") as file:
                assert file.read() == other
            if slot not in names(root):
                os.mkdir(root + "/" + slot)
        write(root, slot + "/manifest", "signed")
        write(root, "slot", slot)
        assert boot(root)[0].slot == slot  # both are complete
        for name in "ab":
            os.remove(root + "/" + name + "/manifest")
        assert boot(root)[0].slot == slot  # neither is
        for name in "ab":
            os.rmdir(root + "/" + name)


@wrapped
def test_other_slot_runs_though_the_choice_cannot_be_noted(root):
    write(root, "slot", "a")
    fill(root, "b")
    os.mkdir(root + "/slot.new")  # nothing can be written here
    assert boot(root)[0].slot == "b"


@wrapped
def test_complete_slot_without_a_choice_does_not_run(root):
    fill(root, "a")
    assert boot(root)[0].slot is None  # a trial or an activation chooses; before that the image runs


@wrapped
def test_failed_trial_without_active_slot_returns_to_factory(root):
    slots, _ = boot(root)
    slots.begin_trial("a", 1, 1)
    assert boot(root)[0].slot == "a"
    slots, path = boot(root)
    assert (slots.slot, slots.rolled_back, path) == (None, 1, None)


@wrapped
def test_confirmed_trial_stays_active(root):
    boot(root)[0].begin_trial("b", 7)
    slots, _ = boot(root)
    slots.confirm()
    assert not slots.on_trial and names(root) == ["slot"]
    slots, path = boot(root)
    assert (slots.slot, slots.on_trial, slots.rolled_back, path) == ("b", False, None, root + "/b")
    slots.confirm()  # again, without a trial: nothing
    assert names(root) == ["slot"]


@wrapped
def test_power_cut_during_confirm_is_no_rollback(root):
    for left in ("1", "0"):
        write(root, "slot", "b")
        write(root, "trial", "b %s 7" % left)
        slots, path = boot(root)
        assert (slots.slot, slots.rolled_back, path) == ("b", None, root + "/b")
        assert slots.on_trial == (left == "1")


@wrapped
def test_damaged_trial_does_not_run(root):
    write(root, "slot", "a")
    for text in ("", "c 3 1", "b", "b 3", "b x 1", "b 3 x", "b 3 1 1", "b -1 1", "../x 3 1"):
        write(root, "trial", text)
        assert boot(root)[0].slot == "a", text
    with open(root + "/trial", "wb") as file:
        file.write(b"\xff\xfe b 3")
    assert boot(root)[0].slot == "a"
    os.remove(root + "/trial")
    for text in ("", "c", "ab", "/a", "a b"):
        write(root, "slot", text)
        assert boot(root)[0].slot is None, text
    write(root, "rolled-back", "many")
    assert boot(root)[0].rolled_back is None


@wrapped
def test_trial_without_countdown_does_not_run(root):
    write(root, "slot", "a")
    write(root, "trial", "b 3 7")
    os.mkdir(root + "/trial.new")  # nothing can be written here
    slots, path = boot(root)
    assert (slots.slot, slots.on_trial, path) == ("a", False, root + "/a")


@wrapped
def test_watchdog_is_fed_until_trial_is_overdue(root):
    now = [1000]
    before, loader._ticks_ms = loader._ticks_ms, lambda: now[0]
    try:
        boot(root)[0].begin_trial("b", 7)
        chip = Chip()
        slots, _ = boot(root, chip)
        now[0] += loader.TRIAL_SECONDS * 1000
        slots.feed()
        assert chip.fed == 1
        now[0] += 1
        slots.feed()
        assert chip.fed == 1  # the app may feed for ever: this version had its time
        slots.confirm()
        slots.feed()
        assert chip.fed == 2  # nothing stops a watchdog that runs
        chip = Chip()
        boot(root, chip)[0].feed()
        assert chip.fed is None
    finally:
        loader._ticks_ms = before


@wrapped
def test_restart_resets_chip(root):
    try:
        boot(root)[0].restart()
    except Reset:
        return
    raise AssertionError("nothing was reset")
