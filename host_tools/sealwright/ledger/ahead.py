"""Batches of messages, whose signatures other processes check while the batches before them are settled.

Purpose: one process settles, since a log has one end; what it waits for longest is arithmetic that needs no ledger.
Limits: a signature is checked ahead where a certificate of its key is known here or in the ledger by then; all others,
and those of a process that died, are checked when their message is judged. So what comes out is the same with any
number of processes.
"""

import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Final

from ..verify import Verdict
from ..wire.keys import checking
from ..wire.keys.public import foresee
from ..wire.messages import Body, Message
from ..wire.messages.plain import plain_voucher
from ..wire.messages.unread import SeenVoucher
from .attempts import Log
from .store.faults import LedgerError

Items = list[tuple[int, bytes]]
_EACH: Final = 2  # batches that wait for each process, or are with it


class Ahead:
    """Parses messages, and has their signatures checked by `helpers` processes, which start when there is work. log: of
    the ledger whose certificates count."""

    def __init__(self, log: Log, helpers: int = 0) -> None:
        self.judge: Final = log.judge
        self._log, self._helpers = log, helpers
        self.batches: Final = 1 + 4 * _EACH * helpers  # that should be known at once
        self._parsed: dict[int, Message[Body] | Verdict] = {}
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads: ThreadPoolExecutor | None = None

    def parse(self, n: int, raw: bytes) -> Message[Body] | Verdict:
        """Message `n`, or the verdict on bytes that are none."""
        return self._parsed.pop(n, None) or self._read(n, raw)

    def _read(self, n: int, raw: bytes) -> Message[Body] | Verdict:
        says = plain_voucher(raw)
        return self.judge.parse(n, raw) if says is None else SeenVoucher(raw, says)

    def batched(self, items: Items, size: int) -> Iterator[Items]:
        """The messages in batches of `size`, in order. A batch is to be settled before the next one is asked for."""
        batches = [items[at : at + size] for at in range(0, len(items), size)]
        if not self._helpers or len(batches) <= 1:
            yield from batches
            return
        asked: deque[Future[checking.Outcomes]] = deque()
        for at, batch in enumerate(batches):
            while len(asked) < self._helpers * _EACH and at + len(asked) < len(batches):
                asked.append(self._ask(batches[at + len(asked)]))
            foresee(asked.popleft().result())
            yield batch
        foresee({})
        self._parsed.clear()

    def _ask(self, batch: Items) -> "Future[checking.Outcomes]":
        questions: list[checking.Question] = []
        for n, raw in batch:
            self._parsed[n] = self._read(n, raw)
        messages = [one for n, _ in batch if not isinstance(one := self._parsed[n], Verdict)]
        self._recall({one.kid for one in messages})
        for message in messages:
            digest, signature = message.digest, message.signature
            questions += [(key.xy, digest, signature) for key in self.judge.signers.keys(message.kid)]
        return self._pool().submit(self._answer, questions)

    def _recall(self, kids: set[bytes]) -> None:
        """Read from the ledger what certifies these key hints, if it can be read now."""
        signers = self.judge.signers
        if all(map(signers.keys, kids)):
            return
        try:
            with self._log.tables.database.reading():
                self._log.begin()
                for kid in kids:
                    signers.recall(kid)
        except LedgerError:
            signers.forget()  # half of it may be read: who judges asks again

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._helpers)
            for _ in range(self._helpers):
                # -P: not from the folder that somebody happens to be in
                line = [sys.executable, "-P", "-m", checking.__name__]
                # and in a group of its own: Ctrl-C at a terminal is for this process, which ends that one
                process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0)
                self._processes.append(process)
                self._idle.put(process)
        return self._threads

    def _answer(self, questions: list[checking.Question]) -> checking.Outcomes:
        process = self._idle.get()
        try:
            assert process.stdin is not None and process.stdout is not None
            return checking.ask(questions, process.stdin, process.stdout)
        except (OSError, EOFError, ValueError):
            return {}  # it died: who needs to know checks by itself
        finally:
            self._idle.put(process)

    def close(self) -> None:
        """End the processes. Idempotent."""
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what a dead one did not take
                    assert pipe is not None
                    pipe.close()
            process.wait()
        self._threads, self._processes = None, []
        self._idle = SimpleQueue()
        foresee({})
