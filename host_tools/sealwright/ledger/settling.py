"""Settling: each message is judged, then taken into the log and the book, or refused with a code and a remedy.

Order decides nothing: a message that rests on another one waits for it until the end of the bundle, and closes come
last. Before each batch the ledger refunds the channels whose claim has ended.
Limits: a message's effect is atomic and durable before its verdict is handed out; those of a batch share a commit.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, TypeVar

from ..verify import Finding, Verdict, channels
from ..verify.aside import Aside
from ..verify.channels import WAITING
from ..verify.codes import EQUIVOCATION, OK, REMEDIES
from ..verify.memory import Terms
from ..wire.messages import Body, ChannelClose, Funding, Message, Receipt, Refund, Shift
from ..wire.messages.unread import SeenVoucher
from . import book
from .ahead import Ahead
from .attempts import Log, Turns
from .identity import LedgerIdentity
from .intake import Act, Certifying, Funded, Refunding, act_of
from .moved import Moved
from .newest import Items
from .others import NO_OTHERS, NeedsAll, Others
from .ours import lacking
from .posting import Posting, decide, moves, post
from .proof import Proof, proof_of
from .repeats import already, is_done, is_known
from .running import Run
from .sharding import Dividing, Shifting
from .standing import check_standing
from .usual import UsualVouchers, place_of
from .watch import Watch
from .windows import NewestFirst, settle_window

T = TypeVar("T")
WAIT_FOR_MORE: Final = WAITING | {"unfunded", "not_the_owner", "short_certificate", "expired_certificate"}
_OWN: Final = (Funded, Dividing, Shifting)
_REFUNDS: Final = 256  # of one transaction


class Settlement(Run):
    """One run over messages into one log; what the ledger took before counts.

    identity: signs what the ledger says. others: the other logs of the ledger.
    """

    def __init__(
        self,
        log: Log,
        identity: LedgerIdentity,
        watch: Watch,
        *,
        ahead: Ahead,
        moved: Moved,
        others: Others = NO_OTHERS,
    ) -> None:
        super().__init__(ahead, moved)
        self.log, self.tables, self._judge, self._memory = log, log.tables, log.judge, log.memory
        self._identity, self._policy, self._watch, self._others = identity, log.judge.policy, watch, others
        self._turns = Turns(log.tables.database, [log], watch)
        self._newest = NewestFirst(log.tables, log.memory, log.judge, watch)
        self._vouchers = UsualVouchers(log.tables, log.judge, watch)

    def settle_window(
        self, items: Items, batch: int, aside: Aside | None, closes: Aside | None = None
    ) -> Iterator[Verdict]:
        """The verdicts on a window of messages, of each lane the best voucher first where that is asked for."""

        def settle(some: Items) -> Iterator[Verdict]:
            return self.settle_all(some, batch, aside, closes)

        return settle_window(items, settle, self._newest if self._window else None, aside)

    def settle_all(
        self, items: Items, batch: int, aside: Aside | None, closes: Aside | None, together: Items | None = None
    ) -> Iterator[Verdict]:
        """The verdicts on messages, batch by batch. together: gets those that need all logs of the ledger."""
        for chunk in self._ahead.batched(items, batch):
            yield from self._settle(chunk, aside, closes, [] if together is None else together)

    def refund_ended(self) -> int:
        """Refund every channel whose claim has ended; returns how many."""
        count = 0
        while True:
            done = self._transaction(self.refund_some)
            count += done
            if done < _REFUNDS:
                return count

    def _settle(self, chunk: Items, aside: Aside | None, closes: Aside | None, together: Items) -> list[Verdict]:
        """The verdicts on a batch; what waits for more goes into `aside`, and closes into `closes`."""
        verdicts: list[Verdict] = []
        waiting: Items = []
        ending: Items = []
        shared: Items = []

        def take_all() -> None:
            for one in (verdicts, waiting, ending, shared):  # of an attempt that came to nothing
                one.clear()
            self.refund_some()
            parsed = [(n, raw, self._ahead.parse(n, raw)) for n, raw in chunk]
            whole = [message for *_, message in parsed if not isinstance(message, Verdict)]
            self.tables.foresee([(message.digest, place_of(message)) for message in whole])
            for n, raw, message in parsed:
                if isinstance(message, Verdict):
                    verdicts.append(message)
                elif closes is not None and message.type == ChannelClose.NAME:
                    ending.append((n, raw))
                elif (verdict := self._alone(n, message)) is None:
                    shared.append((n, raw))
                else:
                    wait = aside is not None and verdict.code in WAIT_FOR_MORE
                    waiting.append((n, raw)) if wait else verdicts.append(verdict)

        if chunk:
            self._transaction(take_all)
        together += shared
        for spool, items in ((aside, waiting), (closes, ending)):
            if spool is not None:
                spool.put_all(items)
        return verdicts

    def _alone(self, n: int, message: Message[Body]) -> Verdict | None:
        """The verdict on a message, None where it needs all logs of the ledger."""
        try:
            return self.take(n, message)
        except NeedsAll:
            return None

    def _transaction(self, work: Callable[[], T]) -> T:
        done = self._turns.take(work)
        self.note()
        return done

    def note(self) -> None:
        """Add up what the last transaction moved."""
        for change in self.log.changes:
            self.moved.note(change)

    def take(self, n: int, message: Message[Body]) -> Verdict:
        """The verdict on a message, which is in the log by now if it moves something. Within a transaction."""
        if isinstance(message, SeenVoucher) and (usual := self._usual(n, message)) is not None:
            return usual
        if is_done(self.tables, self._policy, message):
            return already(Verdict(n, message.type, False, "", message.digest, message=message))
        self._others.look(message)
        found = self._judge.judge(message)
        verdict = self._judge.verdict(n, message, found)
        if self._memory.is_copy(message, found) or is_known(self.tables, message, found):
            return already(verdict)
        self._memory.heed(message, found)
        if found.fault is not None and found.fault.code != EQUIVOCATION:
            return verdict
        try:
            return self._enter(verdict, message, found)
        except book.Refusal as refusal:
            why = f"{refusal.why}. {REMEDIES[refusal.code]}"
            return verdict._replace(ok=False, code=refusal.code, why=why, signer=None)

    def _usual(self, n: int, message: SeenVoucher) -> Verdict | None:
        """The verdict on a voucher as usual, which is in the log by now; None where the rules must judge."""
        act = self._vouchers.payment(message)
        change = None if act is None else decide(self.tables, act)
        if act is None or change is None or not change.entries:
            return None
        self._memory.show(message)
        self._others.allow(act)
        self._post(Posting(message.digest, message.type, act), change, message.raw, Proof())
        payer = change.channels[0].payer
        return Verdict(n, message.type, True, OK, message.digest, "", payer, payer, message)

    def _enter(self, verdict: Verdict, message: Message[Body], found: Finding) -> Verdict:
        act = act_of(message, found, self._policy, self._identity.id)
        if act is None or isinstance(act, _OWN):  # the ledger's own word is kept where it was said, and only there
            if isinstance(message.body, Receipt) and message.body.tick is not None:
                self._reveal(message.body)
            return verdict
        if isinstance(act, Terms):
            check_standing(self._judge, act)
        change = self._decide(act)
        if not moves(self.tables, act, change):
            return verdict
        self._others.allow(act)
        self._post(Posting(message.digest, message.type, act), change, message.raw, proof_of(message, self._policy))
        if isinstance(act, Terms):
            self.say(Funding(act.digest, act.capacity, self._watch.at), Funded(act.digest), book.Change())
        return verdict

    def _decide(self, act: Act) -> book.Change:
        try:
            return decide(self.tables, act)
        except book.Refusal as refusal:
            if not self._others.help(act, refusal):
                raise
            return decide(self.tables, act)

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
        change = decide(self.tables, act)
        if moves(self.tables, act, change):
            self._post(Posting(voucher.digest, voucher.type, act), change, voucher.raw, proof_of(voucher, policy))

    def refund_some(self) -> int:
        """Refund channels whose claim has ended, as many as fit a transaction."""
        ended = self.tables.ended(self._watch.at, _REFUNDS) if self._identity.key is not None else []
        for channel in ended:
            refunding = Refunding(channel.digest, channel.remaining, self._watch.at)
            body = Refund(channel.digest, channel.remaining, self._watch.at)
            self.say(body, refunding, decide(self.tables, refunding))
        return len(ended)

    def introduce(self) -> None:
        """Put the ledger's own certificates at the head of its log. Raises ForeignLedger where the log is another's."""
        self._transaction(self.introduce_all)

    def lacks(self) -> bool:
        """Whether certificates of the ledger are to be entered. Raises ForeignLedger."""
        return bool(self._transaction(lambda: lacking(self.tables, self._judge, self._identity)))

    def introduce_all(self) -> None:
        """Enter the certificates that are lacking. Within a transaction."""
        for certificate in lacking(self.tables, self._judge, self._identity):
            posting = Posting(certificate.digest, certificate.type, Certifying(certificate.body.key.kid))
            self._post(posting, book.Change(), certificate.raw, Proof())

    def say(self, body: Funding | Refund | Shift, act: Act, change: book.Change) -> None:
        """A row of the log that the ledger itself signs."""
        message = self._identity.sign(body)
        self._post(Posting(message.digest, message.type, act), change, message.raw, Proof())

    def _post(self, posting: Posting, change: book.Change, raw: bytes, proof: Proof) -> None:
        log, at = self.log, self._watch.at
        log.head = post(self.tables, log.head, posting, change, at=at, raw=raw, proof=proof.dump())
        log.changes.append(change)
