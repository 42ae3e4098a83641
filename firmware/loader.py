"""Chooses the firmware slot to run. Installed once, with boot.py and main.py; updates never change these files.

    /a/ /b/         firmware slots: one runs, the other takes the next update
    /slot           "a" or "b": the slot in use; missing: the firmware in the image, or beside the loader
    /trial          "b 3 7": slot b, version 7, is on trial with 3 boots left; removed once confirmed
    /rolled-back    "7": the trial of version 7 failed; removed when the next trial begins

A slot without a manifest is incomplete: if the slot in use is, and the other one is not, the other one takes its place.
The loader counts down a trial's boots on flash before the slot runs: a bad version runs out of boots, and the old slot
runs again. Each change renames one new file over the old one: old or new after a power cut. A watchdog runs during a
trial and is fed for TRIAL_SECONDS only: a version that hangs, or never confirms, is reset like one that crashes.
Runs on stock MicroPython, and on CPython in tests.
"""

import os
import sys
import time

BOOTS = 3
WATCHDOG_MS = 8000  # the RP2's maximum is 8388
TRIAL_SECONDS = 120

_NEW = ".new"
_MANIFEST = "manifest"  # the last file of a slot, as in seal/staging.py
_ticks_ms = getattr(time, "ticks_ms", None) or (lambda: time.time_ns() // 1000000)  # CPython lacks ticks_ms
slots = None  # set by `choose`; main.py passes them to the app


class Slots:
    """The slots below the folder `root`. chip: `reset()` and `WDT(timeout=ms)` as in the module `machine`."""

    def __init__(self, root, chip):
        self.root = root
        self.slot = None  # the running slot; None: the image, or beside the loader
        self.on_trial = False
        self._chip = chip
        self._watchdog = None
        self._began = 0

    def choose(self):
        """Count down or end a trial, and put the slot to run first on sys.path."""
        name, left, version = self._trial()
        try:
            if left > 0:
                self._write("trial", "%s %d %d" % (name, left - 1, version))
                self.on_trial = True
            elif name and name != self._in_use():  # equal after a power cut during `confirm`
                self._write("rolled-back", "%d" % version)
        except OSError:
            pass  # full or failing flash: a trial that cannot be counted does not run
        if self.on_trial:
            self._watchdog = self._chip.WDT(timeout=WATCHDOG_MS)
            self._began = _ticks_ms()
        elif name:
            self._remove("trial")
        self.slot = name if self.on_trial else self._complete(self._in_use())
        if self.slot:
            sys.path.insert(0, self.folder(self.slot))

    def confirm(self):
        """End the trial: the slot on trial becomes the active slot."""
        if self.on_trial:
            self.activate(self.slot)
            self.on_trial = False

    def activate(self, slot):
        """Run `slot` from the next boot on, without a trial."""
        self._write("slot", slot)
        self._remove("trial")

    def begin_trial(self, slot, version=0, boots=BOOTS):
        """Run `slot` at the next `boots` boots, until confirmed. version: recorded as `rolled_back` on failure."""
        self._remove("rolled-back")
        self._write("trial", "%s %d %d" % (slot, boots, version))

    @property
    def spare(self):
        """The slot for the next update."""
        return "b" if self.slot == "a" else "a"

    @property
    def rolled_back(self):
        """The version of the last failed trial, or None."""
        found = self._read("rolled-back")
        return int(found) if found and found.isdigit() else None

    def folder(self, slot):
        """The path of a slot."""
        return self.root + "/" + slot

    def feed(self):
        """Feed the watchdog. Call at least every two seconds."""
        if self._watchdog and not (self.on_trial and self._overdue()):
            self._watchdog.feed()

    def restart(self):
        """Reset the board."""
        self._chip.reset()

    def _overdue(self):
        # ticks do not wrap within a trial; a clock may jump
        return (_ticks_ms() - self._began) & 0x3FFFFFFF > TRIAL_SECONDS * 1000

    def _trial(self):
        """(slot, boots left, version) of the trial, or (None, 0, 0)."""
        parts = (self._read("trial") or "").split()
        if len(parts) != 3 or parts[0] not in ("a", "b") or not (parts[1].isdigit() and parts[2].isdigit()):
            return None, 0, 0
        return parts[0], int(parts[1]), int(parts[2])

    def _complete(self, slot: str) -> str:
        """`slot`, or the other one if only that is complete: noted, so that the next update is staged beside it."""
        other = "b" if slot == "a" else "a"
        if slot and not self._has_manifest(slot) and self._has_manifest(other):
            try:
                self._write("slot", other)
            except OSError:
                pass  # full or failing flash: chosen again at the next boot
            return other
        return slot

    def _has_manifest(self, slot: str) -> bool:
        try:
            return os.stat(self.folder(slot) + "/" + _MANIFEST)[6] > 0
        except OSError:
            return False

    def _in_use(self):
        slot = self._read("slot")
        return slot if slot in ("a", "b") else None

    def _read(self, name):
        try:
            with open(self.root + "/" + name) as file:
                return file.read().strip()
        except (OSError, ValueError):  # ValueError: not UTF-8
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
            pass  # already removed


def choose(root="", chip=None):
    """Choose the slot to run, and set `loader.slots`. chip: `machine` if None."""
    global slots
    if chip is None:
        import machine as chip  # type: ignore[no-redef]
    slots = Slots(root, chip)
    slots.choose()
