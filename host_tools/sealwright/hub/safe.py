"""How far a device's log is safe, by each way that it came: what may be acknowledged of it."""

from typing import NamedTuple


class Safe(NamedTuple):
    """The newest reading up to which a device's log is on disk."""

    seq: int = 0
    digest: bytes | None = None


class Log:
    """What came of a device's log by one way, in the log's order. Only what came by a way may be acknowledged by it: a
    bundle, or another device, may bring a later reading than the device itself has shown."""

    def __init__(self) -> None:
        self.safe = Safe()
        self._refused: int | None = None

    def take(self, seq: int, digest: bytes) -> None:
        """This reading is on disk."""
        if self._refused is not None and seq > self._refused:
            return
        self._refused = None
        if seq > self.safe.seq:
            self.safe = Safe(seq, digest)

    def refuse(self, seq: int) -> None:
        """This reading is the device's and was not taken: nothing from it on may be forgotten."""
        if seq > self.safe.seq:
            self._refused = min(seq, self._refused or seq)
