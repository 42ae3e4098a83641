"""Checkpoints of a ledger's log, and proofs that rest on them.

A checkpoint is the ledger's signed word for its log's end: the number of rows, the hash of the last, and the root of
the Merkle tree over the digests of all messages in it. It is worth what its holder can compare it with: see
SECURITY.md.
"""

from typing import NamedTuple

from ..errors import Rejected, Usage
from ..wire.log_receipt import Consistency, Inclusion, sign_receipt
from ..wire.messages import Checkpoint, LogEnd, Message, sign_message
from .identity import LedgerIdentity
from .store.database import Database
from .store.tables import Tables
from .tree import Tree


class OtherLog(Rejected):
    """This log does not go on from the checkpoint."""

    code = "other_log"


class Entered(NamedTuple):
    """A message of the log: its first row, counted from 1, its bytes as they were taken then, and a receipt for it.
    shard: whose log it is, where the ledger has several; rows: how many that log has."""

    row: int
    message: bytes
    receipt: bytes
    shard: int | None = None
    rows: int = 0


class _Log:
    """The log of a shard, or the one there is."""

    def __init__(self, database: Database) -> None:
        self.tables = Tables(database)
        self.shard = None if database.shard is None else database.shard.number
        self.tree = Tree(lambda first, end: self.tables.digests(first + 1, end))
        self.head = self.tables.head()
        self.root = self.tree.root(self.head.n)

    def follow(self, earlier: LogEnd) -> None:
        """Raises OtherLog unless this log is the one that ends so, with more rows or without."""
        found = self.tables.hash_of(earlier.rows)
        if found != earlier.head or self.tree.root(earlier.rows) != earlier.root:
            what = "ends before" if found is None else "has another"
            remedy = "Put the newest ledger back: one that signs both would contradict itself."
            raise OtherLog(f"the log {what} row {earlier.rows}, which the checkpoint names", remedy=remedy)


class Checkpoints:
    """A checkpoint of a ledger as it is now, and proofs under it: use it within one reading of `database`.

    Raises Usage for an empty log, or without the ledger's key."""

    def __init__(self, database: Database, identity: LedgerIdentity, now: int) -> None:
        self._key = identity.require_key()
        self._logs = logs = [_Log(shard) for shard in database.shards]
        if not logs[0].head.n:
            raise Usage("the log is empty", remedy="Settle something first: a checkpoint is of what was settled.")
        first, *others = [LogEnd(log.head.n, log.head.hash, log.root) for log in logs]
        body = Checkpoint(identity.id, first.rows, first.head, now, first.root, tuple(others) or None)
        self.signed: Message[Checkpoint] = sign_message(self._key, body)

    def inclusion(self, beginning: bytes) -> Entered:
        """The message whose digest begins so. Raises Usage where the log has none, or several."""
        there = [(log, row, digest) for log in self._logs for row, digest in log.tables.beginning(beginning)]
        if len({digest for *_, digest in there}) != 1:
            many = "several messages whose digests begin" if there else "no message whose digest begins"
            remedy = "A ledger keeps no readings. `sealwright verify --json` shows the digests of a bundle."
            raise Usage(f"the ledger has {many} with {beginning.hex()}", remedy=remedy, code="unknown_message")
        log, row, _ = there[0]  # of what all shards have, the first one's
        path = log.tree.inclusion(row - 1, log.head.n)
        receipt = sign_receipt(self._key, Inclusion(log.head.n, row - 1, tuple(path)), log.root, log.shard)
        return Entered(row, log.tables.message(row) or b"", receipt, log.shard, log.head.n)

    def consistency(self, earlier: Message[Checkpoint]) -> bytes:
        """A receipt: the log begins with the log at `earlier`; of a ledger in shards one for each, one after the other.
        Raises OtherLog where it does not."""
        known = earlier.body.ends()
        self.follow(earlier.body)
        receipts = []
        for log, end in zip(self._logs, known, strict=False):
            path = log.tree.consistency(end.rows, log.head.n)
            proof = Consistency(end.rows, log.head.n, tuple(path))
            receipts.append(sign_receipt(self._key, proof, log.root, log.shard))
        return b"".join(receipts)

    def follow(self, earlier: Checkpoint) -> None:
        """Raises OtherLog unless these logs are those that `earlier` names, with more rows or without."""
        if earlier.ledger != self.signed.body.ledger:
            raise OtherLog("the checkpoint is of another ledger", remedy="Give one that this ledger signed.")
        if earlier.root is None:
            raise OtherLog("the checkpoint names no root of a tree", remedy="Give one of this version or a later one.")
        if len(earlier.ends()) > len(self._logs):
            raise OtherLog(
                "the checkpoint is of more shards", remedy="Put the newest ledger back, with all its shards."
            )
        for log, end in zip(self._logs, earlier.ends(), strict=False):
            log.follow(end)
