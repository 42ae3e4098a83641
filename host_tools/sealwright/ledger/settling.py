"""Settling: each message is judged, then taken into the log and the book, or refused with a code and a remedy.

Limits: a message's effect is atomic and durable before its verdict is handed out; messages of one batch share
one transaction, because every commit waits for the disk.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from ..errors import Rejected, Truncated
from ..verify import Verdict
from ..wire.messages import Body, Message, parse_message
from . import book
from .chain import START, Head
from .intake import posting_of, proof_of
from .notary import Notary, Watch
from .posting import post, settled_before
from .store.database import Database
from .store.tables import Tables

ALREADY_SETTLED = "already_settled"


class Settlement:
    """One run over messages, in order; certificates and vouchers of the ledger's past count as if they came first.

    database: open for writing. notary: with the ledger's tables for its past. watch: the time of its policy.
    """

    def __init__(self, database: Database, notary: Notary, watch: Watch) -> None:
        self._db, self._notary, self._watch = database, notary, watch
        self._policy = notary.policy
        self._tables = Tables(database)
        self._count, self._head = 0, Head(0, START)

    def run(self, messages: Iterable[bytes], batch: int) -> Iterator[Verdict]:
        """A verdict for each message. Raises LedgerError; then no message without a verdict was taken."""
        source = iter(messages)
        while True:
            chunk, cut = _gather(source, batch)
            if chunk:
                yield from self._settle(chunk)
            if cut is not None:
                yield self._notary.refuse(self._count, "malformed", str(cut))
                return
            if len(chunk) < batch:
                return

    def _settle(self, chunk: list[bytes]) -> list[Verdict]:
        self._watch.look()
        with self._db.writing():
            head = self._tables.head()
            if head != self._head:
                self._notary.forget()
            verdicts = []
            for n, raw in enumerate(chunk, self._count):
                verdict, head = self._take(n, raw, head)
                verdicts.append(verdict)
        self._count, self._head = self._count + len(chunk), head
        return verdicts

    def _take(self, n: int, raw: bytes, head: Head) -> tuple[Verdict, Head]:
        try:
            message = parse_message(raw)
        except Rejected as error:
            return self._notary.refuse(n, error.code, str(error)), head
        verdict = Verdict(n, message.type, False, "", message.digest, message=message)
        try:
            if self._known(message):
                return _already(verdict), head
            verdict = self._notary.judge(n, message)
            posting = posting_of(message, verdict.signer or b"", self._policy) if verdict.ok else None
            if posting is None:
                return verdict, head
            if settled_before(self._tables, posting) is not None:
                return _already(verdict), head
            proof = proof_of(message, self._policy).dump()
            raw = message.raw
            return verdict, post(self._tables, head, posting, at=self._watch.at, raw=raw, proof=proof)
        except book.Refusal as refusal:
            return replace(verdict, ok=False, code=refusal.code, why=f"{refusal.why}."), head

    def _known(self, message: Message[Body]) -> bool:
        """Whether these very bytes are in the log and can do nothing more; their signature was checked then."""
        if self._tables.settled(message.digest) != message.raw:
            return False
        posting = posting_of(message, b"", self._policy)
        return posting is not None and settled_before(self._tables, posting) is not None


def _already(verdict: Verdict) -> Verdict:
    return replace(verdict, ok=True, code=ALREADY_SETTLED, why="It is in the ledger; nothing was changed.")


def _gather(source: Iterator[bytes], most: int) -> tuple[list[bytes], Truncated | None]:
    """The next messages, and what the bundle broke off with; what came whole before that counts."""
    chunk: list[bytes] = []
    try:
        for raw in islice(source, most):
            chunk.append(raw)
    except Truncated as error:
        return chunk, error
    return chunk, None
