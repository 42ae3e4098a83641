"""What the receipts of a ledger's log prove, offline: a message is in the log, or a log goes on from an earlier one.

A file of them is a bundle: the ledger's certificates, its checkpoints, and each receipt after what it proves. A receipt
of inclusion comes after its message; one of consistency after both checkpoints. The messages themselves are not judged
here: that the ledger took one says nothing else about it. No input makes this raise.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ..errors import Rejected, Truncated
from ..wire.certificates import Fault
from ..wire.keys import PublicKey
from ..wire.log_receipt import Consistency, Inclusion, LogReceipt, is_receipt, parse_receipt
from ..wire.merkle import is_consistent, leaf, root_from
from ..wire.messages import Body, Certificate, Checkpoint, LogEnd, Message, parse_message
from .authority import of_shard
from .codes import EQUIVOCATION, OK, REMEDIES
from .verdict import Verdict
from .verifier import Verifier

INCLUSION, CONSISTENCY = "inclusion", "consistency"


class _Rest(NamedTuple):
    """What a receipt rests on: the end of a log, as a checkpoint states it."""

    end: LogEnd
    checkpoint: Checkpoint


class ReceiptVerdict(NamedTuple):
    """The outcome for the receipt that is item `n` of its file, counted from 0.

    digest: 32 bytes, of the message that it proves to be in the log, in `row`, counted from 1; None for a receipt of
    consistency, and then `row` is the number of rows of the earlier log. checkpoint: what it rests on, None where there
    is none. message: the one it proves. shard: the one whose log it is of, where a ledger has several. end: what the
    checkpoint says of this log.
    """

    n: int
    type: str | None
    ok: bool
    code: str
    why: str = ""
    digest: bytes | None = None
    row: int | None = None
    checkpoint: Checkpoint | None = None
    message: Message[Body] | None = None
    shard: int | None = None
    end: LogEnd | None = None

    def as_dict(self) -> dict[str, Any]:
        """What `sealwright verify --receipt --json` prints: digests and ids in lower-case hex, times in seconds."""
        rests = self.checkpoint
        return {
            "n": self.n,
            "type": self.type,
            "ok": self.ok,
            "code": self.code,
            "digest": None if self.digest is None else self.digest.hex(),
            "message": None if self.message is None else self.message.type,
            "row": self.row,
            "rows": None if self.end is None else self.end.rows,
            "ledger": None if rests is None else rests.ledger.hex(),
            "head": None if self.end is None else f"{self.end.rows}:{self.end.head.hex()}",
            "at": None if rests is None else rests.signed_at,
            "why": self.why,
            **({} if self.shard is None else {"shard": self.shard}),
        }


class ReceiptFile:
    """Checks a file of receipts. verifier: checks its certificates and checkpoints; nothing else may use it."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._keys: dict[bytes, PublicKey] = {}  # of ledgers, by kid
        self._refused: dict[bytes, Verdict] = {}  # certificates, by the kid of their subject
        self._ends: dict[tuple[bytes, int, int], _Rest] = {}  # by the ledger's kid, the shard and the rows
        self._subject: Message[Body] | None = None

    def run(self, items: Iterable[bytes]) -> Iterator[Verdict | ReceiptVerdict]:
        """A verdict for each checkpoint and each receipt, and for what is neither and cannot be read. For each file of
        several: the checkpoints of all of them are held against each other."""
        n, self._subject = -1, None
        try:
            for n, raw in enumerate(items):
                found = self._receipt(n, raw) if is_receipt(raw) else self._other(raw)
                if found is not None:
                    yield found._replace(n=n)
        except Truncated as error:
            yield self._verifier.check_rest(error)._replace(n=n + 1)

    def _other(self, raw: bytes) -> Verdict | None:
        """A certificate, a checkpoint, or a message that a receipt proves: only a checkpoint has a verdict."""
        try:
            message = parse_message(raw)
        except Rejected:
            return self._verifier.check(raw)
        body = message.body
        if isinstance(body, Certificate):
            verdict = self._verifier.check(raw)
            if verdict.ok and body.is_ledger:
                self._keys[body.key.kid] = body.key
            elif not verdict.ok:
                self._refused[body.key.kid] = verdict
            return None
        if not isinstance(body, Checkpoint):
            self._subject = message
            return None
        verdict = self._verifier.check(raw)
        for shard, end in enumerate(body.ends()):
            if verdict.ok:
                self._ends.setdefault((message.kid, shard, end.rows), _Rest(end, body))
            if verdict.code == EQUIVOCATION:  # nothing rests on either
                self._ends[message.kid, shard, end.rows] = _Rest(end._replace(root=None), body)
        cause = self._refused.get(message.kid) if verdict.code == "unknown_signer" else None
        return verdict if cause is None else verdict._replace(code=cause.code, why=cause.why)

    def _receipt(self, n: int, raw: bytes) -> ReceiptVerdict:
        try:
            receipt = parse_receipt(raw)
        except Rejected as error:
            return ReceiptVerdict(n, None, False, error.code, f"{error}. {REMEDIES[error.code]}")
        kind = INCLUSION if isinstance(receipt.proof, Inclusion) else CONSISTENCY
        subject = self._subject if kind == INCLUSION else None
        row = receipt.proof.at + 1 if isinstance(receipt.proof, Inclusion) else receipt.proof.earlier
        rests = self._ends.get((receipt.kid, receipt.shard or 0, receipt.proof.size))
        on, digest = rests.checkpoint if rests else None, subject.digest if subject else None
        verdict = ReceiptVerdict(n, kind, True, OK, "", digest, row, on, subject, receipt.shard, rests and rests.end)
        fault = self._fault(receipt, rests, subject)
        if fault is None:
            return verdict
        return verdict._replace(ok=False, code=fault.code, why=f"{fault.why}. {REMEDIES[fault.code]}")

    def _fault(self, receipt: LogReceipt, rests: "_Rest | None", subject: Message[Body] | None) -> Fault | None:
        key, proof, root = self._keys.get(receipt.kid), receipt.proof, rests and rests.end.root
        if root is None or key is None:
            what = f"{proof.size} rows{of_shard(receipt.shard or 0)}"
            return Fault("bad_receipt", f"no checkpoint of {what} that holds comes before it")
        if not receipt.signed_by(key, root):
            return Fault("bad_signature", "its ledger did not sign it over the checkpoint's root")
        if isinstance(proof, Consistency):
            return self._inconsistency((receipt.kid, receipt.shard or 0), proof, root)
        if subject is None:
            return Fault("bad_receipt", "no message comes before it")
        if root_from(leaf(subject.digest), proof.at, proof.size, proof.path) != root:
            return Fault("bad_receipt", f"its path does not show the message before it in row {proof.at + 1}")
        return None

    def _inconsistency(self, log: tuple[bytes, int], proof: Consistency, root: bytes) -> Fault | None:
        earlier = self._ends.get((*log, proof.earlier))
        if earlier is None or earlier.end.root is None:
            return Fault("bad_receipt", f"no checkpoint of {proof.earlier} rows that holds comes before it")
        if not is_consistent(proof.earlier, earlier.end.root, proof.size, root, proof.path):
            return Fault("bad_receipt", "its path does not show that the log goes on from the earlier checkpoint")
        return None
