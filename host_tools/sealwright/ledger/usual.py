"""Vouchers as usual: each raises its lane in a channel that the ledger funded, and its payer's only key signed it.

Purpose: speed. Such a voucher is not taken apart, and what it asks of the ledger is what the rules of `judge`,
`channels` and `intake` say. Limits: what is not as usual in any respect is left to those rules. Asserted by a property
test, log against log.
"""

from typing import NamedTuple

from ..verify import Judge
from ..verify.authority import device_fault
from ..verify.channels import MAX_LANES
from ..verify.memory import Lane
from ..verify.signer import Signer
from ..verify.signers import Signers
from ..wire.keys import PublicKey
from ..wire.messages import Body, Message, Voucher
from ..wire.messages.unread import SeenVoucher
from .intake import Payment
from .store.batched import BatchedTables
from .store.read import Place
from .watch import Watch


class _Payer(NamedTuple):
    """The only key with a key hint. signers, version: as of which."""

    signers: Signers
    version: int
    key: PublicKey
    device: bytes


class UsualVouchers:
    """Of the ledger with these tables, judged as of `watch`."""

    def __init__(self, tables: BatchedTables, judge: Judge, watch: Watch) -> None:
        self._tables, self._judge, self._watch = tables, judge, watch
        self._payers: dict[bytes, _Payer] = {}

    def payment(self, message: SeenVoucher) -> Payment | None:
        """What a voucher as usual asks for; None for what the rules must judge. Within a transaction."""
        tables, (channel, lane, seq, amount, digest) = self._tables, message.says
        known = tables.channel(channel)
        if known is None or lane >= MAX_LANES or self._watch.at >= known.terms.claim_end:
            return None
        if tables.may_have(digest, channel, lane, seq):  # or another voucher with its number
            return None
        best = tables.lane(channel, lane)
        if best is not None and (amount <= best.worth or seq < best.seq):
            return None
        payer = self._payer(message.kid)
        if payer is None or payer.device != known.terms.payer or not known.terms.funded:
            return None
        if payer.signers.lines.of(payer.device) or not message.signed_by(payer.key):  # kept: the rules ask again
            return None
        return Payment(channel, lane, seq, Lane(seq, amount, digest))

    def _payer(self, kid: bytes) -> _Payer | None:
        """None where the rules have to look."""
        signers, found = self._judge.signers, self._payers.get(kid)
        if found is None or found.signers is not signers or found.version != signers.version:
            known = signers.only(kid)
            if known is None or device_fault(Signer(known, True)) is not None:
                return None
            key = known.certificate.key
            found = self._payers[kid] = _Payer(signers, signers.version, key, key.device_id)
        return found


def place_of(message: Message[Body]) -> Place | None:
    """Channel, lane and seq of a voucher; None for anything else."""
    if isinstance(message, SeenVoucher):
        return message.says[:3]
    body = message.body
    return (body.channel, body.lane, body.seq) if isinstance(body, Voucher) else None
