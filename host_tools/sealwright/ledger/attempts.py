"""Transactions that are made again where the database ended them: its server restarted, or another one was in the way.

What a failed attempt changed in memory is taken back first. After a connection that broke at the commit, the log itself
says whether the transaction was kept, so that nothing is judged twice.
Limits: SQLite ends no transaction so. What a reader was handed already is not read again.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar

from ..verify import Judge
from . import book
from .chain import START, Head
from .memory import LedgerMemory
from .store.batched import BatchedTables
from .store.faults import LedgerError, LedgerInterrupted, OutcomeUnknown
from .watch import Watch

T = TypeVar("T")
ATTEMPTS: Final = 10
_PAUSE_SECONDS: Final = 0.05


def again(work: Callable[[], T]) -> T:
    """What `work` gives, which only reads, made again while a LedgerInterrupted ends it. Raises the last of these."""
    for attempt in range(1, ATTEMPTS):
        try:
            return work()
        except LedgerInterrupted:
            pause(attempt)
    return work()


def pause(attempt: int) -> None:
    """Wait before another attempt: not as long as the one that was in the way, and longer each time."""
    time.sleep(random.uniform(0.1, 1) * _PAUSE_SECONDS * attempt)


class Turns:
    """The write transactions of a settlement: each as of one time, which never falls. `head`: the log's last row, which
    the work moves on; `changes`: what it changed in the book."""

    def __init__(self, tables: BatchedTables, judge: Judge, memory: LedgerMemory, watch: Watch) -> None:
        self._tables, self._judge, self._memory, self._watch = tables, judge, memory, watch
        self.head = Head(0, START)
        self.changes: list[book.Change] = []

    def take(self, work: Callable[[], T]) -> T:
        """What `work` gives, done in a transaction that is durable by now. Raises LedgerError; then nothing was, except
        perhaps with OutcomeUnknown."""
        mark = self._memory.mark()
        attempt = 0
        while True:
            attempt += 1
            self.changes, before, done = [], self.head, None
            try:
                with self._writing():
                    before = self.head
                    done = (work(),)
                return done[0]
            except LedgerInterrupted:
                if done is not None and self._was_kept(before):
                    return done[0]
                if attempt == ATTEMPTS:
                    raise
                self._memory.back_to(mark)
                pause(attempt)

    def _was_kept(self, before: Head) -> bool:
        try:
            return again(partial(self._is_kept, before))
        except LedgerError as error:
            raise OutcomeUnknown(f"{error}. It is not known whether the last batch was kept") from error

    def _is_kept(self, before: Head) -> bool:
        """Whether the transaction whose end we do not know is in the log. It waits for one that is still going on."""
        if self.head == before:
            return True  # it wrote nothing
        with self._tables.writing():
            return self._tables.hash_of(self.head.n) == self.head.hash

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, as of one time, that never falls: a log's rows are in the order of their times."""
        with self._tables.writing():
            self._watch.look(not_before=self._tables.last_time())
            head = self._tables.head()
            if head != self.head:
                self._judge.signers.forget()
            self.head = head
            yield
