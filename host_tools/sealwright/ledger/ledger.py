"""The ledger: settle what devices owe each other, say who has what, and prove it from the messages alone.

Purpose: the public face of the package. Money enters by an owner's deposit, is locked by a channel-open, paid
by vouchers, refunded once a claim has ended, and leaves by a withdrawal of the device's owner; every message that
moves something is kept as received in a hash-chained log.
Limits: one SQLite file, one writer at a time, any number of readers.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TextIO, TypeVar

from ..clock import LONGEST_PAUSE
from ..errors import Usage, WrongType
from ..verify import Judge, Policy, Verdict
from ..verify.channels import LEAST_WINDOW
from ..wire.keys import PublicKey
from ..wire.messages import Certificate, Command, Message, parse_as
from . import reports
from .audit import AuditReport, audit
from .book import Channel
from .chain import Head
from .identity import LedgerIdentity
from .intake import DEPOSIT, WITHDRAW
from .memory import LedgerMemory
from .moved import Moved
from .reports import Balance, EntryLine
from .settling import Settlement
from .store.database import Database
from .store.sqlite import SqliteDatabase
from .store.tables import Tables
from .watch import Watch, WatchedPolicy

T = TypeVar("T")


class Ledger:
    """A ledger file; opened when first used, for reading only until something is to be settled.

    Args:
        path: the file. `settle` and `deposit` make it if there is none.
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
        self.path = Path(path)
        self._roots = tuple(roots)
        self._policy = Policy(
            network, custody_floor, allow_test=allow_test, owners=tuple(owners), least_window=least_window
        )
        self._identity = identity
        self._patience, self._clock, self._longest_pause = patience, clock, longest_pause
        self._open: tuple[bool, SqliteDatabase] | None = None

    def settle(
        self,
        messages: Iterable[bytes],
        *,
        secrets: Iterable[bytes] = (),
        ticks: Mapping[bytes, tuple[int, bytes]] | None = None,
        batch: int = 128,
        moved: Moved | None = None,
    ) -> Iterator[Verdict]:
        """Take messages in any order; the verdicts come as they are settled, so the iterator has to be used up.

        What waits for another message of the call comes last: `Verdict.n` numbers the messages. A verdict's code is one
        of `verify.codes`, or `already_settled` (ok, nothing changed). A message that is ok and moves nothing, such as a
        reading, is not kept.

        Args:
            messages: raw messages, for example from `bundle.read_bundle`.
            secrets: what opens hash-locks.
            ticks: for the root of a hash chain, the number of the best tick revealed and its 32 bytes.
            batch: messages that share a transaction and whose verdicts come together; 1 to follow a slow
            stream.
            moved: gets what moves, added up, the refunds of ended claims among it.

        Raises:
            LedgerError: messages whose verdicts came are settled, all others of this call are not.
            BadCertificate: a root is none.
            Usage: `ticks` are malformed, or the ledger has no key.
            ClockWrong: the clock is far ahead; nothing of this batch is settled.
        """
        policy = replace(self._policy, secrets=tuple(secrets), ticks=dict(ticks or {}))
        settlement = self._settlement(policy)
        settlement.moved = settlement.moved if moved is None else moved
        settlement.introduce()
        return settlement.run(messages, max(1, batch))

    def refund_ended(self) -> int:
        """Refund every channel whose claim has ended, and return how many. `settle` does it too, as it goes.

        Raises:
            LedgerError: what is refunded stays refunded.
        """
        return self._settlement(self._policy).refund_ended()

    def _settlement(self, policy: Policy) -> Settlement:
        identity = self._known_identity()
        database = self._database(write=True)
        watch = Watch(self._clock, self._longest_pause)
        memory = LedgerMemory(Tables(database), identity.id, watch)
        judge = Judge(self._roots, WatchedPolicy.of(policy, watch), memory)
        return Settlement(database, judge, memory, identity, watch)

    def _known_identity(self) -> LedgerIdentity:
        if self._identity is None:
            raise Usage(
                "the ledger has no identity", remedy="Open it with its certificates, and to settle with its key."
            )
        return self._identity

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

    def balances(self) -> list[Balance]:
        """What every account holds, in the asset's smallest unit; devices, channels, and the world's debt."""
        return self._read(reports.balances)

    def channels(self) -> list[Channel]:
        """Every channel and where its deposit is, in the order they were opened."""
        return self._read(reports.channels)

    def channel(self, digest: bytes) -> Channel | None:
        """One channel by its digest, or None."""
        return self._read(lambda database: Tables(database).channel(digest))

    def funding(self, channel: bytes) -> bytes | None:
        """The ledger's signed word that it locked this channel's capacity, or None where it did not."""
        return self._read(lambda database: Tables(database).funding(channel))

    def ending(self, within: int) -> list[Channel]:
        """Channels that hold money and whose claim ends within so many seconds: the first 1,000, earliest first."""
        at = int(self._clock()) + within
        return self._read(lambda database: Tables(database).ended(at, 1000))

    @property
    def least_window(self) -> int:
        """Seconds that a claim stays open at least after a close or the expiry."""
        return self._policy.least_window

    def entries(self) -> Iterator[EntryLine]:
        """Every entry with the message that caused it, in order: one state of the ledger, read as you go."""
        # a connection of its own: other calls may come before the last entry is read
        database = SqliteDatabase.open(self.path, write=False, patience=self._patience)
        try:
            with database.reading():
                yield from reports.entries(database)
        finally:
            database.close()

    def export(self, out: TextIO, form: str = "json") -> int:
        """Write every entry to a text file, as "json" lines or "csv", and return how many. Raises Usage."""
        return self._read(lambda database: reports.export(database, out, form))

    def head(self) -> Head:
        """The log's last row. Noted elsewhere, it is the anchor of a later audit."""
        return self._read(lambda database: Tables(database).head())

    def audit(self, anchor: Head | None = None) -> AuditReport:
        """Check every hash, signature and rule, rebuild all from the log, compare; see `audit.audit`."""
        return audit(self._database(), self._roots, self._policy, self._known_identity().id, anchor)

    def row_hash(self, n: int) -> bytes | None:
        """The hash of row `n` of the log, or None where there is no such row."""
        return self._read(lambda database: Tables(database).hash_of(n))

    def equivocations(self) -> list[tuple[bytes, bytes]]:
        """Pairs of messages of one signer that cannot both be true, as received: each pair is a proof."""
        return self._read(lambda database: list(Tables(database).equivocations()))

    def close(self) -> None:
        """Close the file. Idempotent; the ledger opens again when used."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _database(self, *, write: bool = False) -> SqliteDatabase:
        if self._open is not None and write and not self._open[0]:
            self.close()
        if self._open is None:
            self._open = (write, SqliteDatabase.open(self.path, write=write, patience=self._patience))
        return self._open[1]

    def _read(self, ask: Callable[[Database], T]) -> T:
        database = self._database()
        with database.reading():
            return ask(database)
