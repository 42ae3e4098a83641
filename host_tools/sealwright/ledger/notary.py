"""The verifier with the ledger for its memory: what settled before counts, whatever bundle it came in.

Purpose: `verify` keeps its rules, and gets channels, lanes and certificates from the tables instead of from
the messages of one bundle. Readings and receipts are judged as in any bundle.
Limits: lanes are read when a voucher is judged, so the message before it must have been taken into the
tables.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Protocol

from ..verify import Policy, Verdict, Verifier
from ..verify.channels import Channels
from ..verify.vouchers import Case, Channel, Lane, voucher_fault
from ..wire.certificates import Fault
from ..wire.messages import Body, Certificate, ChannelClose, ChannelOpen, Message, Receipt, Voucher, parse_as
from . import book
from .intake import belongs, voucher_of

_THE_REST = -1  # no lane has this number: it stands for all lanes that a voucher does not touch


class Past(Protocol):
    """What the ledger knows; `tables.Tables` does."""

    def certificates(self, kid: bytes) -> list[bytes]:
        """The accepted certificates for this key hint, oldest first."""

    def channel(self, digest: bytes) -> book.Channel | None:
        """A channel as it is now."""

    def lanes(self, channel: bytes, numbers: Iterable[int]) -> dict[int, book.Lane]:
        """Those of the channel's lanes that have redeemed something."""

    def settled(self, digest: bytes) -> bytes | None:
        """A message that was taken, by its digest."""


class Watch:
    """The ledger's time: `at` (unix seconds) stands still while a batch is judged and logged, until it is looked at."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.at = int(clock())

    def look(self) -> None:
        """Take the time anew."""
        self.at = int(self._clock())


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedPolicy(Policy):
    """A policy whose time is a watch's: it moves on during a long settlement, and is what the log notes."""

    watch: Watch

    @classmethod
    def of(cls, policy: Policy, watch: Watch) -> "WatchedPolicy":
        """The same demands and knowledge, by another clock."""
        return cls(**{field.name: getattr(policy, field.name) for field in fields(policy)}, watch=watch)

    def now(self) -> int:
        """The unix time as of which to judge."""
        return self.watch.at


class Notary(Verifier):
    """Judges messages one by one against the ledger's past. Raises BadCertificate for a root that is none."""

    def __init__(self, roots: Iterable[Message[Certificate]], policy: Policy, past: Past) -> None:
        super().__init__(roots, policy)
        self._channels = _LedgerChannels(policy, past)
        self._past = past
        self._recalled: set[bytes] = set()

    def judge(self, n: int, message: Message[Body]) -> Verdict:
        """The verdict on a message, number `n` of its bundle."""
        self._recall(message.kid)
        if isinstance(message.body, Certificate):
            # an older certificate for the same key has to be known first, as it will be to an audit
            self._recall(message.body.key.kid)
        if belongs(message.body):
            # the ledger knows what it took; what it could not take yet, for want of money, may come again
            self._seen.discard(message.digest)
        finding = self._find(message)
        if finding.fault is not None:
            return self._refuse(n, finding.fault, message, finding.device)
        rest = (finding.note, finding.device, finding.signer, message)
        return Verdict(n, message.type, True, "ok", message.digest, *rest)

    def forget(self) -> None:
        """Look into the past again for certificates: somebody else has added to it."""
        self._recalled.clear()

    def refuse(self, n: int, code: str, why: str) -> Verdict:
        """The verdict on bytes that are no message."""
        return self._refuse(n, Fault(code, why))

    def _recall(self, kid: bytes) -> None:
        """Certify again, from the log, whoever this key hint may mean, and those who certified them."""
        if kid in self._recalled:
            return
        self._recalled.add(kid)
        for raw in self._past.certificates(kid):
            certificate = parse_as(raw, Certificate)
            self._recall(certificate.kid)
            self._signers.certify(certificate)


class _LedgerChannels(Channels):
    """The rules of channels, on the ledger's channels and lanes."""

    def __init__(self, policy: Policy, past: Past) -> None:
        super().__init__(policy)
        self._past = past
        self._shown: dict[bytes, Voucher] = {}

    def check(self, body: ChannelOpen | Voucher | Receipt | ChannelClose, digest: bytes, signer: bytes) -> Fault | None:
        """As for a bundle; what has settled is found no fault with, since it can do nothing more."""
        settled = not isinstance(body, Receipt) and self._past.settled(digest) is not None
        if settled and not (isinstance(body, Voucher) and self._standing(body, digest) is not None):
            return None
        return super().check(body, digest, signer)

    def voucher(self, body: Voucher, digest: bytes, signer: bytes) -> Fault | None:
        """As for a bundle; the voucher that its lane stands at may come again with more of its ticks."""
        channel = self._past.channel(body.channel)
        if channel is None:
            return voucher_fault(Case(body, signer, None, self._policy, self._unlocked))
        if signer == channel.payer:
            self._shown[digest] = body
        standing = self._standing(body, digest)
        if standing is None:
            lanes = self._past.lanes(channel.digest, {body.lane, *(lane for lane, _ in body.merges or ())})
            rest = channel.promised - sum(lane.promised for lane in lanes.values())
        else:  # as it was before this voucher: what that merged and decreased was judged then
            body, lanes, rest = replace(body, merges=None), {}, channel.promised - standing.promised
        known = {number: Lane(lane.seq, lane.amount, lane.promised) for number, lane in lanes.items()}
        known[_THE_REST] = Lane(0, 0, rest)
        return voucher_fault(Case(body, signer, Channel(_terms(channel), known), self._policy, self._unlocked))

    def _standing(self, body: Voucher, digest: bytes) -> book.Lane | None:
        """The voucher's lane if it stands at this very voucher and more of its ticks are revealed."""
        lane = self._past.lanes(body.channel, (body.lane,)).get(body.lane)
        further = lane is not None and book.is_further(voucher_of(body, digest, self._policy), lane)
        return lane if further else None

    def receipt(self, body: Receipt, signer: bytes) -> Fault | None:
        """As for a bundle; the voucher may have settled earlier."""
        channel = self._past.channel(body.channel)
        if channel is None:
            return _unknown()
        if signer != channel.payee:
            return Fault("not_a_party", "a receipt is the payee's to give, and another key signed")
        of = self._shown.get(body.voucher) or self._settled(body.voucher)
        if of is None:
            return Fault("receipt_mismatch", "the voucher it acknowledges is neither here nor in the ledger")
        if (of.channel, of.lane, of.seq, of.amount) != (body.channel, body.lane, body.seq, body.amount):
            return Fault("receipt_mismatch", "the voucher it acknowledges says something else")
        return None

    def close(self, body: ChannelClose, signer: bytes) -> Fault | None:
        """As for a bundle."""
        channel = self._past.channel(body.channel)
        if channel is None:
            return _unknown()
        if signer not in (channel.payer, channel.payee):
            return Fault("not_a_party", "only payer or payee can close a channel, and another key signed")
        return None

    def _settled(self, digest: bytes) -> Voucher | None:
        raw = self._past.settled(digest)
        return parse_as(raw, Voucher).body if raw is not None else None


def _unknown() -> Fault:
    return Fault("unknown_channel", "the ledger holds no such channel")


def _terms(channel: book.Channel) -> ChannelOpen:
    """What the rules of vouchers read of a channel-open; the rest of it is blank."""
    parties = (channel.payer, channel.payee)
    return ChannelOpen(bytes(32), *parties, channel.asset, channel.deposited, channel.expires, bytes(16))
