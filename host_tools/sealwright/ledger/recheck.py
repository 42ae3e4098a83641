"""A row of the log judged again, as of the time it was taken: the part of the audit that trusts no signature.

Limits: the demands of today's caller on custody are not those of then, so none is made; roots, owners and
network are the caller's.
"""

from collections.abc import Iterable
from dataclasses import replace

from ..errors import Rejected
from ..verify import Finding, Judge, Policy
from ..verify.channels import LEAST_WINDOW
from ..verify.codes import EQUIVOCATION
from ..verify.memory import Terms
from ..wire.messages import Body, Certificate, ChannelOpen, Funding, Message, Voucher, parse_message
from . import book
from .chain import LogRow
from .effect import effect_of
from .intake import Funded, act_of
from .memory import LedgerMemory
from .posting import Posting, decide, moves
from .proof import Proof, proof_of
from .shards.rules import Belonging
from .standing import check_standing
from .store.batched import BatchedTables
from .store.database import Shard
from .watch import Watch, WatchedPolicy


class Unacceptable(Exception):
    """A row that would not be taken. `code` is a verdict code."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class Recheck:
    """Judges the rows of one log in order.

    roots, policy: whom to trust; the policy's time, secrets and ticks do not matter. tables: as rebuilt from
    the rows judged so far. ledger: the ledger's id, 32 bytes. shard: which the log is of, where the ledger has shards.
    """

    def __init__(
        self,
        roots: Iterable[Message[Certificate]],
        policy: Policy,
        tables: BatchedTables,
        ledger: bytes,
        shard: Shard | None = None,
    ) -> None:
        self._tables, self._ledger, self.belonging = tables, ledger, Belonging(shard)
        tables.here = None if shard is None else shard.number
        self._watch = Watch(lambda: 0)
        self._policy = WatchedPolicy.of(replace(policy, secrets=(), ticks={}, custody_floor=0), self._watch)
        self._memory = LedgerMemory(tables, ledger, self._watch)
        self._judge = Judge(roots, self._policy, self._memory)

    def posting(self, row: LogRow) -> tuple[Posting, book.Change]:
        """What the row asks of the book, and what that changes. Raises Unacceptable."""
        self._watch.at = row.at
        try:
            message = parse_message(row.message)
            proof = Proof.load(row.proof)
            self._judge.policy = self._policy_of(message, proof)
            found = self._judge.judge(message)
            if found.fault is not None and found.fault.code != EQUIVOCATION:
                raise Unacceptable(found.fault.code, found.fault.why)
            if self._memory.is_copy(message, found):
                raise Unacceptable("replay", "the same message came before")
            posting, change = self._decide(message, found, row.n)
        except (Rejected, book.Refusal) as error:
            raise Unacceptable(error.code, str(error)) from error
        if proof_of(message, self._judge.policy).dump() != row.proof:
            raise Unacceptable("malformed", "what was revealed with it is not what it calls for")
        return posting, change

    def _decide(self, message: Message[Body], found: Finding, n: int) -> tuple[Posting, book.Change]:
        act = act_of(message, found, self._judge.policy, self._ledger)
        if act is None:
            raise Unacceptable("wrong_type", f"a {message.type} has no place in the ledger")
        self.belonging.check(n, self._watch.at, act)
        if isinstance(act, Terms):
            check_standing(self._judge, act)
        if isinstance(act, Funded):
            self._check_funding(message.body, act)
        change = decide(self._tables, act)
        if not moves(self._tables, act, change):
            raise Unacceptable("replay", "it moves nothing and would not be kept")
        return Posting(message.digest, message.type, act), change

    def _check_funding(self, body: Body, act: Funded) -> None:
        """The ledger says what it did: this capacity, at this row's time."""
        channel = self._tables.channel(act.channel)
        if channel is None or body != Funding(act.channel, channel.capacity, self._watch.at):
            raise Unacceptable("malformed", "the funding does not say what was locked, or when")

    def settled_on(self, row: LogRow, change: book.Change) -> bool:
        """Whether the row's effect is the one that the log gives: else a view was altered before it was taken."""
        return effect_of(self._tables, change) == row.effect

    def _policy_of(self, message: Message[Body], proof: Proof) -> WatchedPolicy:
        """The policy with what was revealed with the row, and the least window in force then."""
        body = message.body
        window = LEAST_WINDOW if proof.window is None else proof.window
        if isinstance(body, ChannelOpen):
            return replace(self._policy, least_window=window)
        if not isinstance(body, Voucher) or not (proof.secret or proof.tick):
            return self._policy
        ticks = {body.ticks.root: proof.tick} if body.ticks is not None and proof.tick is not None else {}
        secrets = () if proof.secret is None else (proof.secret,)
        return replace(self._policy, ticks=ticks, secrets=secrets)
