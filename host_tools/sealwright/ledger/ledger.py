"""The ledger: settle what devices owe each other, say who has what, and prove it from the messages alone.

Purpose: the public face of the package. Money enters by an owner's deposit, is locked by a channel-open, paid
by vouchers, refunded once a claim has ended, and leaves by a withdrawal of the device's owner; every message that
moves something is kept as received in a hash-chained log.
Limits: a SQLite file or a PostgreSQL database, one writer at a time, any number of readers.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from ..clock import LONGEST_PAUSE
from ..errors import Usage, WrongType
from ..verify import Policy, Verdict
from ..verify.channels import LEAST_WINDOW
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Checkpoint, Command, Message, parse_as
from .audit import AuditReport, audit
from .chain import Head
from .checkpoints import Checkpoints, Entered
from .file import LedgerFile
from .identity import LedgerIdentity
from .intake import DEPOSIT, WITHDRAW
from .making import Parts, make_settlement
from .moved import Moved
from .newest import WINDOW
from .running import Run
from .shards.dividing import divide
from .store.database import Database
from .watch import Watch

T = TypeVar("T")
BATCH: Final = 1024  # messages of a transaction


class Ledger(LedgerFile):
    """A ledger; opened when first used, for reading only until something is to be settled.

    Args:
        path: the file, or `postgresql://...`. `settle` and `deposit` make it if there is none.
        roots: certificates that signers' chains must end in.
        owners: keys whose deposits count.
        identity: the ledger's own key and certificates; with the key it settles, without it an audit can be made.
        allow_test: accept roots of emulated machines.
        network: the one network to accept (32 bytes), None for any under the roots.
        custody_floor: what to demand of devices that pay: 0 open, 1 sealed, 2 element.
        least_window: seconds that a claim stays open at least after a close or the expiry.
        patience: seconds to wait while another process writes.
        clock: gives the time in unix seconds.
        longest_pause: seconds after the last write from which on the clock is not believed, None to believe it: a
        clock far ahead would end every claim, for good.

    Every method may raise a `LedgerError`: LedgerMissing, NotALedger, LedgerDamaged, LedgerBusy, LedgerFull
    or LedgerReadOnly; then nothing is half-applied. Not for use from several threads.
    """

    def __init__(
        self,
        path: str | Path,
        roots: Iterable[Message[Certificate]] = (),
        owners: Iterable[PublicKey] = (),
        *,
        identity: LedgerIdentity | None = None,
        allow_test: bool = False,
        network: bytes | None = None,
        custody_floor: int = 0,
        least_window: int = LEAST_WINDOW,
        patience: float = 5.0,
        clock: Callable[[], float] = time.time,
        longest_pause: int | None = LONGEST_PAUSE,
    ) -> None:
        super().__init__(path, patience, clock)
        self._roots = tuple(roots)
        self._policy = Policy(
            network, custody_floor, allow_test=allow_test, owners=tuple(owners), least_window=least_window
        )
        self._identity = identity
        self._longest_pause = longest_pause

    def settle(
        self,
        messages: Iterable[bytes],
        *,
        secrets: Iterable[bytes] = (),
        ticks: Mapping[bytes, tuple[int, bytes]] | None = None,
        batch: int = BATCH,
        moved: Moved | None = None,
        newest_first: bool = False,
        window: int | None = None,
        jobs: int = 1,
        shards: Iterable[int] | None = None,
    ) -> Iterator[Verdict]:
        """Take messages in any order; the verdicts come as they are settled, so the iterator has to be used up.

        What waits for another message of the call comes last: `Verdict.n` numbers the messages. A verdict's code is one
        of `verify.codes`, or `already_settled` (ok, nothing changed). A message that is ok and moves nothing, such as a
        reading, is not kept.

        Args:
            messages: raw messages, for example from `bundle.read_bundle`.
            secrets: what opens hash-locks.
            ticks: for the root of a hash chain, the number of the best tick revealed and its 32 bytes.
            batch: messages that share a transaction and whose verdicts come together, 1,024 by default; few on a slow
            stream.
            moved: gets what moves, added up, the refunds of ended claims among it.
            newest_first: check of each lane the best voucher, and leave those that it makes worthless unchecked and out
            of the log: `superseded`. Money comes out the same; see `newest` for what is seen of contradictions.
            window: messages that are looked at together then, 16,384 by default; as few as `batch` on a slow stream.
            jobs: processes, this one among them; the others check signatures ahead, of more than a batch of messages
            and not on a slow stream.
            shards: of a ledger in shards, those whose messages to take; the others are left, as `other_shard` (ok).

        Raises:
            LedgerError: messages whose verdicts came are settled, all others of this call are not.
            BadCertificate: a root is none.
            Usage: `ticks` are malformed, or the ledger has no key.
            ClockWrong: the clock is far ahead; nothing of this batch is settled.
        """
        policy = replace(self._policy, secrets=tuple(secrets), ticks=dict(ticks or {}))
        slow = window is not None and window <= batch  # then nothing is ahead that could be checked
        settlement = self._settlement(policy, 0 if slow else jobs - 1, shards, moved)
        settlement.introduce()
        looked_at = (window or WINDOW) if newest_first and batch > 1 else 0
        return settlement.run(messages, max(1, batch), looked_at)

    def refund_ended(self, shards: Iterable[int] | None = None) -> int:
        """Refund every channel whose claim has ended, and return how many. `settle` does it too, as it goes. shards: as
        for `settle`.

        Raises:
            LedgerError: what is refunded stays refunded. ForeignLedger: it is another's, and nothing was.
        """
        return self._settlement(self._policy, 0, shards).refund_ended()

    def bring_up(self) -> None:
        """Bring a ledger of an older version up to date. Raises LedgerError, NotALedger for any other."""
        self._database(write=True)

    def _settlement(
        self, policy: Policy, helpers: int = 0, shards: Iterable[int] | None = None, moved: Moved | None = None
    ) -> Run:
        return make_settlement(self._parts(policy, Moved() if moved is None else moved), max(0, helpers), shards)

    def _parts(self, policy: Policy, moved: Moved) -> Parts:
        identity, watch = self._known_identity(), Watch(self._clock, self._longest_pause)
        return Parts(self._database(write=True), self._roots, policy, identity, watch, moved)

    def _known_identity(self) -> LedgerIdentity:
        if self._identity is None:
            raise Usage(
                "the ledger has no identity", remedy="Open it with its certificates, and to settle with its key."
            )
        return self._identity

    def divide(self, into: int) -> bool:
        """Divide the ledger, on a server, into so many shards that settle side by side; whether anything was done.

        Raises:
            Usage: it is in a file, or has another number of shards.
            LedgerError: nothing was done.
        """
        parts = self._parts(self._policy, Moved())
        make_settlement(parts, 0, None).introduce()
        return divide(parts, into)

    def deposit(self, raw: bytes) -> Verdict:
        """Take an owner's deposit, a command with the op "deposit" (see `DepositArguments`), for its device.

        Raises:
            LedgerError: nothing was changed.
            Malformed, NotDeterministic, WrongType: `raw` is no such command.
        """
        return self._order(raw, DEPOSIT)

    def withdraw(self, raw: bytes) -> Verdict:
        """Take a withdrawal, a command with the op "withdraw" (see `WithdrawArguments`), by the owner of its device.

        Raises:
            LedgerError: nothing was changed.
            Malformed, NotDeterministic, WrongType: `raw` is no such command.
        """
        return self._order(raw, WITHDRAW)

    def _order(self, raw: bytes, op: str) -> Verdict:
        command = parse_as(raw, Command)
        if command.body.op != op:
            raise WrongType(f"the command orders {command.body.op!r}, not a {op}")
        (verdict,) = self.settle([raw])
        return verdict

    def checkpoint(self, earlier: Message[Checkpoint] | None = None) -> tuple[Message[Checkpoint], bytes | None]:
        """The ledger's signed word for its log's end, and a COSE Receipt that the log begins with the one at `earlier`.

        Raises:
            OtherLog: this log does not begin so; nothing is signed that contradicts it.
            Usage: the log is empty, or the ledger has no key.
        """

        def make(database: Database) -> tuple[Message[Checkpoint], bytes | None]:
            made = self._checkpoints(database)
            return made.signed, None if earlier is None else made.consistency(earlier)

        return self._read(make)

    def prove(self, digests: Iterable[bytes]) -> tuple[Message[Checkpoint], list[Entered]]:
        """A checkpoint, and for each digest (32 bytes or its beginning) the message with a COSE Receipt that it is in
        the log. Raises Usage for a message that is not, or a beginning of several."""

        def make(database: Database) -> tuple[Message[Checkpoint], list[Entered]]:
            made = self._checkpoints(database)
            return made.signed, [made.inclusion(digest) for digest in digests]

        return self._read(make)

    def _checkpoints(self, database: Database) -> Checkpoints:
        return Checkpoints(database, self._known_identity(), int(self._clock()))

    @property
    def least_window(self) -> int:
        """Seconds that a claim stays open at least after a close or the expiry."""
        return self._policy.least_window

    def audit(self, anchor: Head | None = None, *, within: Database | None = None) -> AuditReport:
        """Check every hash, signature and rule, rebuild all from the log, compare; see `audit.audit`.

        within: a database in a transaction, which has the ledger.
        """
        given, ledger = (self._roots, self._policy), self._known_identity().id
        if within is None:
            return audit(self._database(), *given, ledger, anchor)
        return audit(within, *given, ledger, anchor, within=True)
