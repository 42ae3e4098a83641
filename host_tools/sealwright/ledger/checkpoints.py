"""Checkpoints of a ledger's log, and proofs that rest on them.

A checkpoint is the ledger's signed word for its log's end: the number of rows, the hash of the last, and the root of
the Merkle tree over the digests of all messages in it. It is worth what its holder can compare it with: see
SECURITY.md.
"""

from typing import NamedTuple

from ..errors import Rejected, Usage
from ..wire.log_receipt import Consistency, Inclusion, sign_receipt
from ..wire.messages import Checkpoint, Message, sign_message
from .identity import LedgerIdentity
from .store.tables import Tables
from .tree import Tree


class OtherLog(Rejected):
    """This log does not go on from the checkpoint."""

    code = "other_log"


class Entered(NamedTuple):
    """A message of the log: its first row, counted from 1, its bytes as they were taken then, and a receipt for it."""

    row: int
    message: bytes
    receipt: bytes


class Checkpoints:
    """A checkpoint of a log as it is now, and proofs under it: use it within one reading of `tables`.

    Raises Usage for an empty log, or without the ledger's key."""

    def __init__(self, tables: Tables, identity: LedgerIdentity, now: int) -> None:
        self._tables, self._key = tables, identity.require_key()
        self._tree = Tree(lambda first, end: tables.digests(first + 1, end))
        self._head = head = tables.head()
        if not head.n:
            raise Usage("the log is empty", remedy="Settle something first: a checkpoint is of what was settled.")
        self._root = self._tree.root(head.n)
        self.signed: Message[Checkpoint] = sign_message(
            self._key, Checkpoint(identity.id, head.n, head.hash, now, self._root)
        )

    def inclusion(self, beginning: bytes) -> Entered:
        """The message whose digest begins so. Raises Usage where the log has none, or several."""
        found = self._tables.beginning(beginning)
        if len(found) != 1:
            many = "several messages whose digests begin" if found else "no message whose digest begins"
            remedy = "A ledger keeps no readings. `sealwright verify --json` shows the digests of a bundle."
            raise Usage(f"the ledger has {many} with {beginning.hex()}", remedy=remedy, code="unknown_message")
        ((row, _),) = found
        path = self._tree.inclusion(row - 1, self._head.n)
        receipt = sign_receipt(self._key, Inclusion(self._head.n, row - 1, tuple(path)), self._root)
        return Entered(row, self._tables.message(row) or b"", receipt)

    def consistency(self, earlier: Message[Checkpoint]) -> bytes:
        """A receipt: the log begins with the log at `earlier`. Raises OtherLog where it does not."""
        self.follow(earlier.body)
        path = self._tree.consistency(earlier.body.rows, self._head.n)
        return sign_receipt(self._key, Consistency(earlier.body.rows, self._head.n, tuple(path)), self._root)

    def follow(self, earlier: Checkpoint) -> None:
        """Raises OtherLog unless this log is the one that `earlier` names, with more rows or without."""
        if earlier.ledger != self.signed.body.ledger:
            raise OtherLog("the checkpoint is of another ledger", remedy="Give one that this ledger signed.")
        if earlier.root is None:
            raise OtherLog("the checkpoint names no root of a tree", remedy="Give one of this version or a later one.")
        found = self._tables.hash_of(earlier.rows)
        if found != earlier.head or self._tree.root(earlier.rows) != earlier.root:
            what = "ends before" if found is None else "has another"
            remedy = "Put the newest ledger back: one that signs both would contradict itself."
            raise OtherLog(f"the log {what} row {earlier.rows}, which the checkpoint names", remedy=remedy)
