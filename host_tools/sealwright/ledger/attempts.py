"""Transactions that are made again where the database ended them: its server restarted, or another one was in the way.

What a failed attempt changed in memory is taken back first. After a connection that broke at the commit, the log itself
says whether the transaction was kept, so that nothing is judged twice.
Limits: SQLite ends no transaction so. What a reader was handed already is not read again.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final, TypeVar

from ..verify import Judge
from . import book
from .chain import START, Head
from .memory import LedgerMemory
from .store.batched import BatchedTables
from .store.database import Database
from .store.faults import LedgerError, LedgerInterrupted, OutcomeUnknown
from .watch import Watch

T = TypeVar("T")
ATTEMPTS: Final = 10
_LEAST_SECONDS: Final = 20.0  # of trying to write, however many attempts: a server that crashed comes back meanwhile
_PAUSE_SECONDS: Final = 0.05
_MOST_PAUSES: Final = 20


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
    time.sleep(random.uniform(0.1, 1) * _PAUSE_SECONDS * min(attempt, _MOST_PAUSES))


class Log:
    """A log that is written. `head`: its last row, which the work moves on; `changes`: what it changed in the book."""

    def __init__(self, tables: BatchedTables, judge: Judge, memory: LedgerMemory) -> None:
        self.tables, self.judge, self.memory = tables, judge, memory
        self.head = Head(0, START)
        self.changes: list[book.Change] = []

    def begin(self) -> None:
        """Look where the log ends. Within the transaction that is to go on from there."""
        head = self.tables.head()
        if head != self.head:
            self.judge.signers.forget()
        self.head, self.changes = head, []


class Turns:
    """The write transactions of a settlement: each as of one time, which never falls in a log. database: gives the
    turns to write. logs: those that are written together."""

    def __init__(self, database: Database, logs: Sequence[Log], watch: Watch) -> None:
        self._database, self._logs, self._watch = database, logs, watch

    def take(self, work: Callable[[], T]) -> T:
        """What `work` gives, done in a transaction that is durable by now. Raises LedgerError; then nothing was, except
        perhaps with OutcomeUnknown."""
        marks = [log.memory.mark() for log in self._logs]
        attempt, end = 0, time.monotonic() + _LEAST_SECONDS
        while True:
            attempt += 1
            before, done = self._heads(), None
            try:
                with self._writing():
                    before = self._heads()
                    done = (work(),)
                return done[0]
            except LedgerInterrupted:
                if done is not None and self._was_kept(before):
                    return done[0]
                if attempt >= ATTEMPTS and time.monotonic() >= end:
                    raise
                for log, mark in zip(self._logs, marks, strict=True):
                    log.memory.back_to(mark)
                    log.judge.renew()  # certificates of the attempt are not in the log
                pause(attempt)

    def _heads(self) -> list[Head]:
        return [log.head for log in self._logs]

    def _was_kept(self, before: list[Head]) -> bool:
        try:
            return again(partial(self._is_kept, before))
        except LedgerError as error:
            raise OutcomeUnknown(f"{error}. It is not known whether the last batch was kept") from error

    def _is_kept(self, before: list[Head]) -> bool:
        """Whether the transaction whose end we do not know is in the logs. It waits for one that is still going on."""
        if self._heads() == before:
            return True  # it wrote nothing
        with self._database.writing():
            written = [log for log, head in zip(self._logs, before, strict=True) if log.head != head]
            return all(log.tables.hash_of(log.head.n) == log.head.hash for log in written)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, as of one time, that never falls: a log's rows are in the order of their times."""
        with self._database.writing(), ExitStack() as batches:
            for log in self._logs:
                batches.enter_context(log.tables.batch())
            self._watch.look(not_before=max(log.tables.last_time() for log in self._logs))
            for log in self._logs:
                log.begin()
            yield
