"""Chooses which firmware runs. It is put on a board once, with boot.py and main.py, and no update changes it.

    /a/ /b/         firmware slots: one runs, an update is staged into the other
    /slot           "a" or "b": the slot in use; missing: what is frozen into the image, or beside the loader
    /trial          "b 3 7": slot b, of version 7, is on trial and has 3 boots left; gone once it is confirmed
    /rolled-back    "7": version 7 used up its trial; gone when another one begins

A boot of a trial is counted down on flash before the slot runs, so that whatever a bad version does, the boots it has
run out, and the old slot runs again. Each change is one new file renamed over the old one: old or new at a power cut.
During a trial a watchdog runs, and is fed only until TRIAL_SECONDS have passed: a version that hangs, or never finds
itself healthy, is reset like one that crashes. Stock MicroPython, and CPython in tests.
"""

import os
import sys
import time

BOOTS = 3
WATCHDOG_MS = 8000  # RP2 has no longer one than 8388
TRIAL_SECONDS = 120

_NEW = ".new"
_ticks_ms = getattr(time, "ticks_ms", None) or (lambda: time.time_ns() // 1000000)  # CPython has only the latter
slots = None  # of the last `choose`: what main.py hands to the app


class Slots:
    """The slots below the folder `root`. chip: what resets and watches, `reset()` and `WDT(timeout=ms)` as in the
    module `machine`."""

    def __init__(self, root, chip):
        self.root = root
        self.slot = None  # the one that runs; None: frozen, or beside the loader
        self.on_trial = False
        self._chip = chip
        self._watchdog = None
        self._began = 0

    def choose(self):
        """Count down a trial, or end it, and put the slot that is to run first on sys.path."""
        name, left, version = self._trial()
        try:
            if left > 0:
                self._write("trial", "%s %d %d" % (name, left - 1, version))
                self.on_trial = True
            elif name and name != self._in_use():  # else the power went while it was being confirmed
                self._write("rolled-back", "%d" % version)
        except OSError:
            pass  # a full or failing flash: what cannot be counted down is not run
        if self.on_trial:
            self._watchdog = self._chip.WDT(timeout=WATCHDOG_MS)
            self._began = _ticks_ms()
        elif name:
            self._remove("trial")
        self.slot = name if self.on_trial else self._in_use()
        if self.slot:
            sys.path.insert(0, self.folder(self.slot))

    def confirm(self):
        """The slot on trial is good: it is the one in use from now on."""
        if self.on_trial:
            self.activate(self.slot)
            self.on_trial = False

    def activate(self, slot):
        """Have `slot` run from the next boot on, without a trial."""
        self._write("slot", slot)
        self._remove("trial")

    def begin_trial(self, slot, version=0, boots=BOOTS):
        """Have `slot` run at the next `boots` boots, or until it is confirmed. version: what to call it."""
        self._remove("rolled-back")
        self._write("trial", "%s %d %d" % (slot, boots, version))

    @property
    def spare(self):
        """The slot that an update may be staged into."""
        return "b" if self.slot == "a" else "a"

    @property
    def rolled_back(self):
        """The version whose trial failed last, or None."""
        found = self._read("rolled-back")
        return int(found) if found and found.isdigit() else None

    def folder(self, slot):
        """The path of a slot."""
        return self.root + "/" + slot

    def feed(self):
        """The app is alive. Call at least every second or two."""
        if self._watchdog and not (self.on_trial and self._overdue()):
            self._watchdog.feed()

    def restart(self):
        """Reset the board."""
        self._chip.reset()

    def _overdue(self):
        # ticks wrap, but not within a trial; a clock could be set meanwhile
        return (_ticks_ms() - self._began) & 0x3FFFFFFF > TRIAL_SECONDS * 1000

    def _trial(self):
        """(slot, boots left, version) of the trial, or (None, 0, 0)."""
        parts = (self._read("trial") or "").split()
        if len(parts) != 3 or parts[0] not in ("a", "b") or not (parts[1].isdigit() and parts[2].isdigit()):
            return None, 0, 0
        return parts[0], int(parts[1]), int(parts[2])

    def _in_use(self):
        slot = self._read("slot")
        return slot if slot in ("a", "b") else None

    def _read(self, name):
        try:
            with open(self.root + "/" + name) as file:
                return file.read().strip()
        except (OSError, ValueError):  # ValueError: bytes that are no text
            return None

    def _write(self, name, text):
        path = self.root + "/" + name
        with open(path + _NEW, "w") as file:
            file.write(text)
        os.rename(path + _NEW, path)

    def _remove(self, name):
        try:
            os.remove(self.root + "/" + name)
        except OSError:
            pass  # it was not there


def choose(root="", chip=None):
    """Choose the slot that runs, as `Slots.choose`, and keep its `Slots` as `loader.slots`. chip: `machine` if None."""
    global slots
    if chip is None:
        import machine as chip  # type: ignore[no-redef]
    slots = Slots(root, chip)
    slots.choose()
