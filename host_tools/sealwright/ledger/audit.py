"""The audit: believe only the log, and the log only as far as its signatures and hashes go.

Purpose: check the file's structure, the chain, every signature and every rule, rebuild all views in a scratch file
from the log, and compare them bit for bit with those kept. Memory does not grow with the ledger.
Limits: a log whose end was cut off together with its views, or that was computed anew from authentic
messages, is a sound log; only a head noted elsewhere, and given as `anchor`, tells. Free space in the file is
not looked at.
"""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from ..verify import Policy
from ..verify.memory import Terms
from ..wire.messages import Certificate, Message
from . import book
from .chain import START, Head, LogRow
from .compare import Difference, differences, show
from .intake import Act, Funded
from .posting import enter
from .recheck import Recheck, Unacceptable
from .shards.checking import Mismatch, mismatches
from .store.batched import BatchedTables
from .store.database import Database
from .store.faults import LedgerDamaged
from .store.scans import count, leaking, unbalanced, wrongly_paid
from .store.sqlite import SqliteDatabase
from .store.tables import Tables

MOST_FINDINGS = 1000  # reported; an early fault is the cause of what follows


class Finding(NamedTuple):
    """One thing that is wrong: `code` for programs, `what` for people, `row` where it is one of the log. shard: whose
    log, where the ledger has several."""

    code: str
    row: int | None
    what: str
    shard: int | None = None


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found and what it went through.

    `findings` is empty for a sound ledger and holds at most MOST_FINDINGS (then `cut` is true). `head` is the log's
    last row: note it elsewhere, and give it to a later audit as its anchor. Counts are rows: `messages` of
    the log, `entries`, `accounts` and `channels` as rebuilt from it; of a ledger in shards, all of their sums.
    """

    findings: tuple[Finding, ...]
    cut: bool
    head: Head
    messages: int
    entries: int
    accounts: int
    channels: int

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Messages, entries, accounts and channels."""
        return self.messages, self.entries, self.accounts, self.channels

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def audit(
    database: Database,
    roots: Iterable[Message[Certificate]],
    policy: Policy,
    ledger: bytes,
    anchor: Head | None = None,
    *,
    within: bool = False,
) -> AuditReport:
    """Audit one state of `database`.

    Args:
        database: what to audit; only read.
        roots: what signers' chains must end in.
        policy: owners, network and whether test roots count; the rest of it does not matter.
        ledger: the ledger's id, 32 bytes.
        anchor: a head noted earlier, or None: the log must still have it.
        within: whether `database` is in a transaction already.

    Raises:
        LedgerError: it cannot be read at all (busy, a failing disk); damage is a finding.
        BadCertificate: a root is none.
    """
    roots, anchors = tuple(roots), () if anchor is None else anchor.all
    with nullcontext() if within else database.reading():
        if len(database.shards) == 1:
            return _audit_log(database, (roots, policy, ledger), anchor)
        reports = [
            _audit_log(shard, (roots, policy, ledger), anchors[n] if n < len(anchors) else None)
            for n, shard in enumerate(database.shards)
        ]
        return _joined(reports, list(islice(mismatches(database.shards), MOST_FINDINGS)))


def _audit_log(
    database: Database, given: tuple[Iterable[Message[Certificate]], Policy, bytes], anchor: Head | None
) -> AuditReport:
    scratch = SqliteDatabase.scratch()
    try:
        tables = BatchedTables(scratch, log=database)
        roots, policy, ledger = given
        recheck = Recheck(roots, policy, tables, ledger, database.shard)
        return _Auditor(database, recheck, tables, scratch, anchor).report()
    finally:
        scratch.close()


def _joined(reports: list[AuditReport], between: list[Mismatch]) -> AuditReport:
    """The report on a ledger in shards. between: what is wrong with all of them together."""
    findings = [one._replace(shard=n) for n, report in enumerate(reports) for one in report.findings]
    findings += [Finding(one.code, one.row, one.what, one.shard) for one in between]
    sums = [sum(counts) for counts in zip(*(report.counts for report in reports), strict=True)]
    cut = len(findings) > MOST_FINDINGS or any(report.cut for report in reports)
    return AuditReport(tuple(findings[:MOST_FINDINGS]), cut, Head.of([report.head for report in reports]), *sums)


class _Auditor:
    def __init__(
        self,
        database: Database,
        recheck: Recheck,
        tables: BatchedTables,
        scratch: SqliteDatabase,
        anchor: Head | None,
    ) -> None:
        self._db, self._anchor = database, anchor
        self._scratch, self._tables, self._recheck = scratch, tables, recheck
        self._head, self._messages, self._time = Head(0, START), 0, 0
        self._opened: Terms | None = None  # by the row before

    def report(self) -> AuditReport:
        """Go through everything once."""
        findings: list[Finding] = []
        found = 0
        for finding in self._findings():
            found += 1
            if found <= MOST_FINDINGS:
                findings.append(finding)
        counts = [count(self._scratch, table) for table in ("entries", "accounts", "channels")]
        return AuditReport(tuple(findings), found > MOST_FINDINGS, self._head, self._messages, *counts)

    def _findings(self) -> Iterator[Finding]:
        yield from (Finding("damaged_file", None, what) for what in self._db.damage())
        yield from self._outline()
        # one transaction for the whole rebuilding: nobody else sees the scratch database, and it is much
        # faster
        with self._tables.writing():
            yield from self._log()
        if self._recheck.belonging.lacking:
            yield Finding("undivided_log", None, "no row of the log says which shard it is of")
        yield from self._anchored()
        yield from self._invariants()
        for difference in differences(self._db, self._scratch):
            code = "view_differs" if isinstance(difference, Difference) else "damaged_file"
            yield Finding(code, None, str(difference))

    def _outline(self) -> Iterator[Finding]:
        try:
            kept, made = set(self._db.outline()), set(self._db.intended())
        except LedgerDamaged as error:
            yield Finding("altered_schema", None, f"its definitions cannot be read: {error}")
            return
        for row in sorted(kept ^ made, key=repr):
            what = "is not as the ledger defines it" if row in kept else "is missing or was altered"
            yield Finding("altered_schema", None, f"{show(row[0])} {show(row[1])} {what}")

    def _log(self) -> Iterator[Finding]:
        try:
            for row in Tables(self._db).log():
                self._messages += 1
                yield from self._row(row)
                self._head = Head(row.n, row.hash)
        except LedgerDamaged as error:
            yield Finding("damaged_log", None, f"the log cannot be read past row {self._head.n}: {error}")
        yield from self._funds(self._head.n + 1, None)

    def _row(self, row: LogRow) -> Iterator[Finding]:
        if row.n != self._head.n + 1:
            yield Finding("broken_chain", row.n, f"row {row.n} comes after row {self._head.n}")
        if row.at < self._time:
            yield Finding("time_falls", row.n, f"row {row.n} is of {row.at}, before {self._time} of an earlier row")
        self._time = max(row.at, self._time)
        if row.prev != self._head.hash:
            yield Finding("broken_chain", row.n, f"row {row.n} does not name the hash of the row before")
        if row.hash != row.expected():
            yield Finding("altered_row", row.n, f"row {row.n} does not have the hash it was written with")
        try:
            posting, change = self._recheck.posting(row)
            if not self._recheck.settled_on(row, change):
                yield Finding("altered_view", row.n, f"row {row.n} was settled on views that the log does not give")
            enter(self._tables, row.n, posting, change)
            yield from self._funds(row.n, posting.act)
        except (Unacceptable, book.Refusal) as error:
            yield Finding("unacceptable_message", row.n, f"row {row.n} would not be accepted: {error}")
        if self._anchor is not None and self._anchor.n == row.n and self._anchor.hash != row.hash:
            yield Finding("anchor_differs", row.n, f"row {row.n} is not the one the anchor was noted from")

    def _funds(self, n: int, act: Act | None) -> Iterator[Finding]:
        """A channel-open is followed by its funding, and a funding comes nowhere else. act: None at the log's end."""
        opened, self._opened = self._opened, act if isinstance(act, Terms) else None
        funded = act.channel if isinstance(act, Funded) else None
        if opened is not None and funded != opened.digest:
            yield Finding("unfunded_channel", n, f"row {n} does not fund the channel that the row before opens")
        elif opened is None and funded is not None:
            yield Finding("stray_funding", n, f"row {n} funds a channel that the row before does not open")

    def _anchored(self) -> Iterator[Finding]:
        if self._anchor is not None and self._anchor.n > self._head.n:
            what = f"the log ends at row {self._head.n}; the anchor was noted at row {self._anchor.n}"
            yield Finding("log_cut_off", self._head.n, what)

    def _invariants(self) -> Iterator[Finding]:
        """What must be true of any log: a finding here is a mistake in this program and not in the file."""
        yield from _broken(unbalanced(self._scratch), "the entries of row and asset {} {} sum to {}")
        yield from _broken(leaking(self._scratch), "channel {}: paid, refunded and remaining are off by {}")
        yield from _broken(wrongly_paid(self._scratch), "channel {}: paid {} is not what its lanes and its limit give")


def _broken(rows: Iterable[tuple[object, ...]], words: str) -> Iterator[Finding]:
    for row in rows:
        shown = (value.hex() if isinstance(value, bytes) else value for value in row)
        yield Finding("broken_invariant", None, words.format(*shown))
