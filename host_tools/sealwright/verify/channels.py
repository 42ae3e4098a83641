"""Channels as one bundle shows them: what is open, what each lane has promised, which vouchers were seen."""

from hashlib import sha256

from ..wire.certificates import Fault
from ..wire.messages import ChannelClose, ChannelOpen, Receipt, Voucher
from .policy import Policy
from .vouchers import Case, Channel, voucher_fault


class Channels:
    """Every channel of the bundle by its digest.

    Each method takes what a message says, its digest and its signer's device id (32 bytes each) once the
    signature is known to hold, and gives the first fault, or None and remembers the message.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._unlocked = frozenset(sha256(secret).digest() for secret in policy.secrets)
        self._open: dict[bytes, Channel] = {}
        self._vouchers: dict[bytes, Voucher] = {}

    def check(self, body: ChannelOpen | Voucher | Receipt | ChannelClose, digest: bytes, signer: bytes) -> Fault | None:
        """The first fault of any message of channels."""
        match body:
            case ChannelOpen():
                return self.open(body, digest, signer)
            case Voucher():
                return self.voucher(body, digest, signer)
            case Receipt():
                return self.receipt(body, signer)
            case ChannelClose():
                return self.close(body, signer)

    def open(self, body: ChannelOpen, digest: bytes, signer: bytes) -> Fault | None:
        """Faults: expired, not_a_party. It is known even if expired: its vouchers are expired too."""
        fault = None
        if self._policy.now() >= body.expires:
            fault = Fault("expired", f"the channel expired at {body.expires}")
        if signer != body.payer:
            return fault or Fault("not_a_party", "a channel is opened by its payer, and another key signed")
        self._open[digest] = Channel(body)
        return fault

    def voucher(self, body: Voucher, digest: bytes, signer: bytes) -> Fault | None:
        """Any fault of `vouchers`; an accepted voucher moves its lane."""
        channel = self._open.get(body.channel)
        case = Case(body, signer, channel, self._policy, self._unlocked)
        if channel is not None and signer == channel.terms.payer:
            self._vouchers[digest] = body
        fault = voucher_fault(case)
        if fault is None and channel is not None:
            channel.take(body, case.revealed)
        return fault

    def receipt(self, body: Receipt, signer: bytes) -> Fault | None:
        """Faults: unknown_channel, not_a_party, receipt_mismatch."""
        channel = self._open.get(body.channel)
        if channel is None:
            return _unknown()
        if signer != channel.terms.payee:
            return Fault("not_a_party", "a receipt is the payee's to give, and another key signed")
        of = self._vouchers.get(body.voucher)
        if of is None:
            return Fault("receipt_mismatch", "the voucher it acknowledges is not in this bundle before it")
        if (of.channel, of.lane, of.seq, of.amount) != (body.channel, body.lane, body.seq, body.amount):
            return Fault("receipt_mismatch", "the voucher it acknowledges says something else")
        return None

    def close(self, body: ChannelClose, signer: bytes) -> Fault | None:
        """Faults: unknown_channel, not_a_party."""
        channel = self._open.get(body.channel)
        if channel is None:
            return _unknown()
        if signer not in (channel.terms.payer, channel.terms.payee):
            return Fault("not_a_party", "only payer or payee can close a channel, and another key signed")
        return None


def _unknown() -> Fault:
    return Fault("unknown_channel", "the channel it names is not open in this bundle before it")
