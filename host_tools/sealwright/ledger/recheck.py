"""A row of the log judged again, as of the time it was taken: the part of the audit that trusts no signature.

Limits: the demands of today's caller on custody are not those of then, so none is made; roots, owners and
network are the caller's.
"""

from collections.abc import Iterable
from dataclasses import replace

from ..errors import Rejected
from ..verify import Policy
from ..wire.messages import Body, Certificate, Message, Voucher, parse_message
from . import book
from .chain import LogRow
from .intake import posting_of, proof_of
from .notary import Notary
from .posting import Posting
from .proof import Proof
from .store.tables import Tables


class Unacceptable(Exception):
    """A row that would not be taken. `code` is a verdict code."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class Recheck:
    """Judges the rows of one log in order.

    roots, policy: whom to trust; the policy's time, secrets and ticks do not matter. tables: as rebuilt from
    the rows judged so far.
    """

    def __init__(self, roots: Iterable[Message[Certificate]], policy: Policy, tables: Tables) -> None:
        self._roots, self._policy, self._tables = tuple(roots), policy, tables
        self._certificates: dict[bytes, list[bytes]] = {}
        self._notary: Notary | None = None
        self._as_of: tuple[int, bytes] | None = None

    def posting(self, row: LogRow) -> Posting:
        """What the row asks of the book. Raises Unacceptable."""
        try:
            message = parse_message(row.message)
            proof = Proof.load(row.proof)
            notary = self._notary_for(row, message, proof)
            verdict = notary.judge(row.n, message)
            posting = posting_of(message, verdict.signer or b"", notary.policy) if verdict.ok else None
        except (Rejected, book.Refusal) as error:
            raise Unacceptable(error.code, str(error)) from error
        if not verdict.ok:
            raise Unacceptable(verdict.code, verdict.why)
        if posting is None:
            raise Unacceptable("wrong_type", f"a {message.type} has no place in the ledger")
        if proof_of(message, notary.policy).dump() != row.proof:
            raise Unacceptable("malformed", "what was revealed with it is not what it calls for")
        if isinstance(message.body, Certificate):
            self._certificates.setdefault(message.body.key.kid, []).append(message.raw)
        return posting

    # what a notary asks of the past

    def certificates(self, kid: bytes) -> list[bytes]:
        """Those of the rows judged so far."""
        return self._certificates.get(kid, [])

    def channel(self, digest: bytes) -> book.Channel | None:
        """As rebuilt so far."""
        return self._tables.channel(digest)

    def lanes(self, channel: bytes, numbers: Iterable[int]) -> dict[int, book.Lane]:
        """As rebuilt so far."""
        return self._tables.lanes(channel, numbers)

    def settled(self, digest: bytes) -> bytes | None:
        """Only receipts ask for it, and the log has none."""
        return None

    def _notary_for(self, row: LogRow, message: Message[Body], proof: Proof) -> Notary:
        """One notary for as long as the time and what was revealed are the same: it knows its signers already."""
        if self._notary is None or self._as_of != (row.at, row.proof):
            body = message.body
            root = body.ticks.root if isinstance(body, Voucher) and body.ticks is not None else None
            ticks = {root: proof.tick} if root is not None and proof.tick is not None else {}
            secrets = (proof.secret,) if proof.secret is not None else ()
            policy = replace(self._policy, at=row.at, secrets=secrets, ticks=ticks, custody_floor=0)
            self._notary, self._as_of = Notary(self._roots, policy, self), (row.at, row.proof)
        return self._notary
