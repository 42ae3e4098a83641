"""What came of a device's log by one way, and up to where the device may forget it.

Only what came by a way may be acknowledged by it: a bundle, or another device, may bring a later reading than the
device itself has shown. And nothing is acknowledged past a gap. Who is between (a broker, a relay) can keep a reading
back and still hand on the ack that has the device forget it. So a log goes on only where

    - a reading names the digest of the last one as the one before it: the device signed that nothing is between, or
    - its owner had the device forget all before it: the device signs that number in its status, over a fresh nonce.

A device whose flash lost readings before anybody had them shows a gap that neither explains. Then it keeps what came
after it until somebody who is sure of the way to it acknowledges that: `sealwright collect --ack`.
"""

from threading import Lock
from typing import NamedTuple


class Safe(NamedTuple):
    """The newest reading up to which a device's log is on disk."""

    seq: int = 0
    digest: bytes | None = None


class _After(NamedTuple):
    """What came after a gap, whole in itself. first: its first number; prev: what its first reading names as the one
    before it."""

    first: int
    prev: bytes | None
    last: Safe


class Log:
    """A device's log by one way. device: its id. What comes may come again, and in any order; a part that comes before
    what it follows comes again, as the device is asked for everything after `safe`. Several threads use it."""

    def __init__(self, device: bytes = b"") -> None:
        self.device = device
        self.safe = Safe()
        self._after: _After | None = None
        self._forgotten: int | None = None
        self._guard = Lock()

    @property
    def is_unsure(self) -> bool:
        """Whether the device is to be asked what its owner had it forget: at first, and while something is missing."""
        return self._forgotten is None or self._after is not None

    @property
    def gap(self) -> tuple[int, int] | None:
        """The first and the last number that are missing before what came later, or None."""
        with self._guard:
            return None if self._after is None else (self.safe.seq + 1, self._after.first - 1)

    def take(self, seq: int, digest: bytes, prev: bytes | None) -> None:
        """This reading is on disk. prev: the digest of the one before it, as the device signed."""
        self.take_run(seq, Safe(seq, digest), prev)

    def take_run(self, first: int, last: Safe, prev: bytes | None) -> None:
        """Readings from number `first` to `last`, each after the one before it, are on disk. prev: as of `take`, of the
        first of them."""
        with self._guard:
            after, safe = self._after, self.safe
            if last.seq <= safe.seq:
                return
            if first <= safe.seq or prev == safe.digest or first - 1 <= (self._forgotten or 0):
                self._go_to(last)
            elif after is None or last.seq > after.last.seq or first < after.first:
                goes_on = after is not None and (prev == after.last.digest or after.first <= first <= after.last.seq)
                self._after = after._replace(last=last) if after is not None and goes_on else _After(first, prev, last)

    def forget(self, seq: int) -> None:
        """The device signed that its owner had it forget the readings up to `seq`."""
        with self._guard:
            self._forgotten = max(seq, self._forgotten or 0)
            if self._after is not None and self._after.first - 1 <= self._forgotten:
                self._go_to(self._after.last)

    def _go_to(self, safe: Safe) -> None:
        self.safe, after = safe, self._after
        if after is not None and after.prev == safe.digest:
            self.safe, self._after = after.last, None
        elif after is not None and after.last.seq <= safe.seq:
            self._after = None
