"""Settling: each message is judged, then taken into the log and the book, or refused with a code and a remedy.

Order decides nothing: a message that rests on another one waits for it until the end of the bundle, and closes come
last. Before each batch the ledger refunds the channels whose claim has ended.
Limits: a message's effect is atomic and durable before its verdict is handed out; those of a batch share a commit.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Final, TypeVar

from ..verify import Fault, Finding, Verdict, channels
from ..verify.aside import Aside
from ..verify.channels import WAITING
from ..verify.codes import EQUIVOCATION, REMEDIES
from ..verify.memory import Terms
from ..wire.messages import Body, ChannelClose, Funding, Message, Receipt, Refund, Voucher
from . import book
from .ahead import Ahead
from .attempts import Turns
from .identity import LedgerIdentity
from .intake import Act, Certifying, Funded, Refunding, act_of, proof_of
from .memory import LedgerMemory
from .moved import Moved
from .newest import Items
from .ours import lacking
from .posting import Posting, decide, moves, post
from .proof import Proof
from .repeats import already, is_done, is_known
from .standing import check_standing
from .store.batched import BatchedTables
from .watch import Watch
from .windows import NewestFirst, gather, settle_window

T = TypeVar("T")
_WAIT_FOR_MORE: Final = WAITING | {"unfunded", "not_the_owner", "short_certificate", "expired_certificate"}
_ROUNDS: Final = 8  # a chain of four certificates, a deposit, an open and a voucher in the worst order, and closes
_REFUNDS: Final = 256  # of one transaction


class Settlement:
    """One run over messages; what the ledger took before counts.

    tables: open for writing. ahead: its judge has `memory` for its memory. identity: signs what the ledger says.
    """

    def __init__(
        self,
        tables: BatchedTables,
        ahead: Ahead,
        memory: LedgerMemory,
        identity: LedgerIdentity,
        watch: Watch,
    ) -> None:
        judge = ahead.judge
        self._tables, self._judge, self._memory, self._watch, self._ahead = tables, judge, memory, watch, ahead
        self._identity, self._policy = identity, judge.policy
        self._turns, self.moved, self._window = Turns(tables, judge, memory, watch), Moved(), 0
        self._newest = NewestFirst(self._tables, memory, judge, watch)

    def run(self, messages: Iterable[bytes], batch: int, window: int = 0) -> Iterator[Verdict]:
        """A verdict for each message. Raises LedgerError; then no message without a verdict was taken.

        window: of so many messages those that newer ones supersede are left unchecked, see `newest`; 0: of none.

        Also without a message it refunds the channels whose claim has ended.
        """
        with closing(self._ahead):
            yield from self._run(iter(messages), batch, window)

    def _run(self, source: Iterator[bytes], batch: int, window: int) -> Iterator[Verdict]:
        aside, closes, cut, count = Aside(), Aside(), None, 0
        self._window = window
        size = max(batch * self._ahead.batches, window)
        while cut is None:
            chunk, cut = gather(source, size)
            yield from self._settle_window(list(enumerate(chunk, count)), batch, aside, closes)
            count += len(chunk)
            if len(chunk) < size:
                break
        if not count:
            self.refund_ended()
        if cut is not None:
            yield self._judge.refuse(count, Fault("malformed", str(cut)))
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
            yield from self._settle_window(chunk, batch, left)

    def _settle_window(
        self, items: Items, batch: int, aside: Aside | None, closes: Aside | None = None
    ) -> Iterator[Verdict]:
        """The verdicts on a window of messages, of each lane the best voucher first where that is asked for."""

        def settle(some: Items) -> Iterator[Verdict]:
            for chunk in self._ahead.batched(some, batch):
                yield from self._settle(chunk, aside, closes)

        return settle_window(items, settle, self._newest if self._window else None, aside)

    def refund_ended(self) -> int:
        """Refund every channel whose claim has ended; returns how many."""
        count = 0
        while True:
            done = self._transaction(self._refund_some)
            count += done
            if done < _REFUNDS:
                return count

    def _settle(
        self, chunk: list[tuple[int, bytes]], aside: Aside | None, closes: Aside | None = None
    ) -> list[Verdict]:
        """The verdicts on a batch; what waits for more goes into `aside`, and closes into `closes`."""
        verdicts: list[Verdict] = []
        waiting: Items = []
        ending: Items = []

        def take_all() -> None:
            for one in (verdicts, waiting, ending):  # of an attempt that came to nothing
                one.clear()
            self._refund_some()
            parsed = [(n, raw, self._ahead.parse(n, raw)) for n, raw in chunk]
            self._tables.foresee([voucher for *_, message in parsed if (voucher := _voucher(message)) is not None])
            for n, raw, message in parsed:
                if isinstance(message, Verdict):
                    verdicts.append(message)
                elif closes is not None and isinstance(message.body, ChannelClose):
                    ending.append((n, raw))
                else:
                    verdict = self._take(n, message)
                    wait = aside is not None and verdict.code in _WAIT_FOR_MORE
                    waiting.append((n, raw)) if wait else verdicts.append(verdict)

        if chunk:
            self._transaction(take_all)
        for spool, items in ((aside, waiting), (closes, ending)):
            if spool is not None:
                spool.put_all(items)
        return verdicts

    def _transaction(self, work: Callable[[], T]) -> T:
        done = self._turns.take(work)
        for change in self._turns.changes:
            self.moved.note(change)
        return done

    def _take(self, n: int, message: Message[Body]) -> Verdict:
        if is_done(self._tables, self._policy, message):
            return already(Verdict(n, message.type, False, "", message.digest, message=message))
        found = self._judge.judge(message)
        verdict = self._judge.verdict(n, message, found)
        if self._memory.is_copy(message, found) or is_known(self._tables, message, found):
            return already(verdict)
        self._memory.heed(message, found)
        if found.fault is not None and found.fault.code != EQUIVOCATION:
            return verdict
        try:
            return self._enter(verdict, message, found)
        except book.Refusal as refusal:
            why = f"{refusal.why}. {REMEDIES[refusal.code]}"
            return verdict._replace(ok=False, code=refusal.code, why=why, signer=None)

    def _enter(self, verdict: Verdict, message: Message[Body], found: Finding) -> Verdict:
        act = act_of(message, found, self._policy, self._identity.id)
        if act is None or isinstance(act, Funded):  # a funding is kept right after its channel-open, and only there
            if isinstance(message.body, Receipt) and message.body.tick is not None:
                self._reveal(message.body)
            return verdict
        if isinstance(act, Terms):
            check_standing(self._judge, act)
        change = decide(self._tables, act)
        if not moves(self._tables, act, change):
            return verdict
        self._post(Posting(message.digest, message.type, act), change, message.raw, proof_of(message, self._policy))
        if isinstance(act, Terms):
            self._say(Funding(act.digest, act.capacity, self._watch.at), Funded(act.digest), book.Change())
        return verdict

    def _reveal(self, receipt: Receipt) -> None:
        """A receipt shows the best tick that its payee has: it pays like one given with the voucher."""
        voucher, tick = self._memory.voucher_message(receipt.voucher), receipt.tick
        if voucher is None or voucher.body.ticks is None or tick is None:
            return
        policy = replace(self._policy, ticks={voucher.body.ticks.root: (tick.number, tick.value)}, secrets=())
        terms = self._memory.channel(voucher.body.channel)
        circumstances = channels.Circumstances(self._watch.at, frozenset({voucher.body.hash_lock or b""}), policy.ticks)
        payer = b"" if terms is None else terms.payer
        found = channels.judge_voucher(voucher.body, voucher.digest, payer, self._memory, circumstances)
        if found.lane is None or voucher.body.hash_lock is not None:
            return
        act = act_of(voucher, Finding(found.fault, lane=found.lane), policy, self._identity.id)
        if act is None:
            return
        change = decide(self._tables, act)
        if moves(self._tables, act, change):
            self._post(Posting(voucher.digest, voucher.type, act), change, voucher.raw, proof_of(voucher, policy))

    def _refund_some(self) -> int:
        """Refund channels whose claim has ended, as many as fit a transaction."""
        ended = self._tables.ended(self._watch.at, _REFUNDS) if self._identity.key is not None else []
        for channel in ended:
            refunding = Refunding(channel.digest, channel.remaining, self._watch.at)
            body = Refund(channel.digest, channel.remaining, self._watch.at)
            self._say(body, refunding, decide(self._tables, refunding))
        return len(ended)

    def introduce(self) -> None:
        """Put the ledger's own certificates at the head of its log. Raises ForeignLedger where the log is another's."""
        self._transaction(self._introduce)

    def _introduce(self) -> None:
        for certificate in lacking(self._tables, self._judge, self._identity):
            posting = Posting(certificate.digest, certificate.type, Certifying(certificate.body.key.kid))
            self._post(posting, book.Change(), certificate.raw, Proof())

    def _say(self, body: Funding | Refund, act: Act, change: book.Change) -> None:
        """A row of the log that the ledger itself signs."""
        message = self._identity.sign(body)
        self._post(Posting(message.digest, message.type, act), change, message.raw, Proof())

    def _post(self, posting: Posting, change: book.Change, raw: bytes, proof: Proof) -> None:
        turns, at = self._turns, self._watch.at
        turns.head = post(self._tables, turns.head, posting, change, at=at, raw=raw, proof=proof.dump())
        turns.changes.append(change)


def _voucher(message: Message[Body] | Verdict) -> tuple[bytes, int, int] | None:
    """Channel, lane and seq of a voucher."""
    body = message.body if isinstance(message, Message) else None
    return (body.channel, body.lane, body.seq) if isinstance(body, Voucher) else None
