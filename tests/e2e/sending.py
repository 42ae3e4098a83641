"""Updates on their way to emulated boards: signed bundles, and a sender that does not give up."""

import dataclasses
import os
import threading
import time

from sealwright.bench.updates import RolledBack, make, transfer
from sealwright.errors import SealwrightError, Unreachable
from sealwright.link import connect

FILLER = 60_000  # bytes


def signed(home, slot, version, **changes):
    """A bundle of a slot. changes: files, and model and arch of the board."""
    files = changes.pop("files", slot.slot)
    return make(home, dataclasses.replace(slot, slot=files, board=dataclasses.replace(slot.board, **changes)), version)


def send(lab, board, bundle, wait=300.0, progress=None):
    return transfer(lambda: connect(board.url, 5.0), bundle, wait=wait, progress=progress)


def bundle_size(slot):
    return sum(len(data) for path, data in slot.slot.items() if path != "manifest")


def grown(home, slot, version):
    """A bundle with a file that no version before had."""
    return signed(home, slot, version, files={**slot.slot, "filler.bin": os.urandom(FILLER - 1) + b"!"})


class Persistent:
    """Sends one update after the other until it is stopped, whatever comes between."""

    def __init__(self, lab, board, slot):
        self.lab, self.board, self.slot = lab, board, slot
        self.over = threading.Event()
        self.done, self.rolled_back, self.broken = [], 0, 0
        self.errors = []
        self._pieces = threading.Semaphore(0)  # one for each piece of a file that the board took
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self._thread.join(120)

    def await_pieces(self, count, seconds):
        """Return when the board has taken `count` more pieces, or after `seconds`."""
        while self._pieces.acquire(blocking=False):
            pass
        end = time.monotonic() + seconds
        for _ in range(count):
            if not self._pieces.acquire(timeout=max(0.0, end - time.monotonic())):
                return

    def _took(self, _done, _path):
        self._pieces.release()

    def _run(self):
        version = 1
        bundle = grown(self.lab.home, self.slot, version)
        while not self.over.is_set():
            try:
                self.done.append(send(self.lab, self.board, bundle, 60, self._took))
            except Unreachable:
                self.broken += 1
                time.sleep(0.05)
            except RolledBack:
                self.rolled_back += 1
            except SealwrightError as error:
                if error.code != "refused":  # a version is on trial
                    self.errors.append(error)
                time.sleep(0.1)
            else:
                version += 1
                bundle = grown(self.lab.home, self.slot, version)
