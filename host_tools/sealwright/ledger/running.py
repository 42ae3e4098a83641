"""The course of a settlement: windows of messages as they come, then what waited for others, and closes last.

Limits: what waits is on disk, and tried again a few times; how a window is settled is `settling`'s, and `shards`'.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Final

from ..verify import Fault, Verdict
from ..verify.aside import Aside
from .ahead import Ahead
from .moved import Moved
from .newest import Items
from .windows import gather

_ROUNDS: Final = 8  # a chain of four certificates, a deposit, an open and a voucher in the worst order, and closes


class Run(ABC):
    """One run over messages; what the ledger took before counts. moved: gets what moves, added up."""

    def __init__(self, ahead: Ahead, moved: Moved) -> None:
        self._ahead, self.moved, self._window = ahead, moved, 0

    def run(self, messages: Iterable[bytes], batch: int, window: int = 0) -> Iterator[Verdict]:
        """A verdict for each message. Raises LedgerError; then no message without a verdict was taken.

        window: of so many messages those that newer ones supersede are left unchecked, see `newest`; 0: of none.

        Also without a message it refunds the channels whose claim has ended.
        """
        with closing(self._ahead):
            yield from self._run(iter(messages), batch, window)

    def _run(self, source: Iterator[bytes], batch: int, window: int) -> Iterator[Verdict]:
        aside, closes, cut, count = Aside(), Aside(), None, 0
        self.look_at(window)
        size = max(batch * self._ahead.batches, window)
        while cut is None:
            chunk, cut = gather(source, size)
            yield from self.settle_window(list(enumerate(chunk, count)), batch, aside, closes)
            count += len(chunk)
            if len(chunk) < size:
                break
        if not count:
            self.refund_ended()
        if cut is not None:
            yield self._ahead.judge.refuse(count, Fault("malformed", str(cut)))
        yield from self._settle_rest(aside, closes, batch)

    def _settle_rest(self, aside: Aside, closes: Aside, batch: int) -> Iterator[Verdict]:
        """What waited, while more of it holds, each time the closes after all others; then what is refused."""
        for _ in range(_ROUNDS):
            left, later = Aside(), Aside()
            yield from self._settle_all(aside, left, batch)
            if len(left) < len(aside):
                aside = left
                continue
            yield from self._settle_all(closes, later, batch)
            if len(later) == len(closes):
                break
            aside, closes = left, later
        yield from self._settle_all(aside, None, batch)
        yield from self._settle_all(closes, None, batch)

    def _settle_all(self, waiting: Aside, left: Aside | None, batch: int) -> Iterator[Verdict]:
        source = waiting.take()
        while chunk := list(islice(source, max(batch, self._window))):
            yield from self.settle_window(chunk, batch, left)

    def look_at(self, window: int) -> None:
        """Look at so many messages together, see `newest`; at 0 take all as they come."""
        self._window = window

    @abstractmethod
    def introduce(self) -> None:
        """Put the ledger's own certificates at the head of its log. Raises ForeignLedger where the log is another's."""

    @abstractmethod
    def refund_ended(self) -> int:
        """Refund every channel whose claim has ended; returns how many."""

    @abstractmethod
    def settle_window(
        self, items: Items, batch: int, aside: Aside | None, closes: Aside | None = None
    ) -> Iterator[Verdict]:
        """The verdicts on a window of messages; what waits for more goes into `aside`, and closes into `closes`."""
