"""Messages as the book takes them: what each asks for in plain values.

Limits: says nothing on whether a message holds; the judge's finding does, before.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from ..errors import Malformed
from ..verify import Finding, Policy
from ..verify.channels import MAX_LANES
from ..verify.codes import EQUIVOCATION
from ..verify.memory import FAR, Lane, Terms
from ..wire.messages import (
    Body,
    Certificate,
    ChannelClose,
    ChannelOpen,
    Command,
    DepositArguments,
    Division,
    Funding,
    Grant,
    Message,
    Refund,
    Revocation,
    Rotation,
    Shift,
    Status,
    Transfer,
    Voucher,
    WithdrawArguments,
    read_arguments,
)
from . import book
from .owning import Handover, Obeying, Ownership, act_on
from .rotating import Rotating
from .sharding import Dividing, Shifting, act_in_shards

DEPOSIT, WITHDRAW = DepositArguments.OP, WithdrawArguments.OP


@dataclass(frozen=True, slots=True)
class Payment:
    """A voucher in a channel; `lane` is its lane as it is afterwards, None where it raises nothing."""

    channel: bytes
    number: int
    seq: int
    lane: Lane | None
    contradicts: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """A party's close; `contradicts`: it claims otherwise than this party's first one, and is kept only as proof.
    `by_earlier_key`: gives nothing up, and is not this party's first."""

    channel: bytes
    claim: book.Claim
    contradicts: bool = False
    by_earlier_key: bool = False


@dataclass(frozen=True, slots=True)
class Revoking:
    """The device may open no more channels, from unix time `start`; its channels begin to end at `at`."""

    device: bytes
    start: int
    at: int


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money enters."""

    order: book.Transfer


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Money leaves."""

    order: book.Transfer


@dataclass(frozen=True, slots=True)
class Certifying:
    """A certificate for a subject with this key hint; it moves nothing."""

    kid: bytes


@dataclass(frozen=True, slots=True)
class Funded:
    """The ledger's word that it locked a channel's capacity; the channel-open before it did."""

    channel: bytes


@dataclass(frozen=True, slots=True)
class Refunding:
    """The ledger gives a channel's rest back, at unix time `at`."""

    channel: bytes
    amount: int
    at: int


Act: TypeAlias = (
    Certifying
    | Deposit
    | Withdrawal
    | Terms
    | Payment
    | Closing
    | Ownership
    | Handover
    | Obeying
    | Revoking
    | Funded
    | Refunding
    | Rotating
    | Dividing
    | Shifting
)  # fmt: skip


def act_of(message: Message[Body], found: Finding, policy: Policy, ledger: bytes) -> Act | None:
    """What the message asks of the ledger, or None for one that the ledger has no part in.

    message: one whose finding has no fault, or an equivocation. policy: its time, and the operator's owners. ledger:
    this ledger's id. Raises book.Refusal: `bad_deposit`, `bad_withdrawal`, `wrong_ledger`, `unknown_signer`,
    `not_the_owner`, `bad_lane`.
    """
    body, signer = message.body, found.signer or b""
    if isinstance(body, Command):
        return _order(body, signer, found, policy, ledger)
    if isinstance(body, ChannelOpen | Voucher | ChannelClose):
        return _of_channel(body, signer, found, policy, ledger)
    if isinstance(body, Rotation):
        return Rotating(body.device, body.generation, body.key.kid, _contradicts(found))
    if isinstance(body, Transfer | Status):
        return act_on(body, found)
    if isinstance(body, Division | Shift):
        return act_in_shards(body) if signer == ledger else None
    return _of_authority(body, signer, policy, ledger)


def _of_channel(
    body: ChannelOpen | Voucher | ChannelClose, signer: bytes, found: Finding, policy: Policy, ledger: bytes
) -> Act | None:
    match body:
        case ChannelOpen():
            _same_ledger(body.ledger, ledger, "channel")
            # a channel may name a window that no column holds; no claim lasts so long
            return None if found.terms is None else replace(found.terms, window=min(found.terms.window, FAR))
        case Voucher():
            return Payment(body.channel, body.lane, body.seq, found.lane, _contradicts(found))
        case ChannelClose():
            return Closing(body.channel, _claim(body, signer, policy.now()), _contradicts(found), found.by_earlier_key)


def _of_authority(body: Body, signer: bytes, policy: Policy, ledger: bytes) -> Act | None:
    """What issuers and the ledger itself say."""
    match body:
        case Certificate():
            return Certifying(body.key.kid)
        case Grant():
            return Ownership(body.device, body.owner.xy, _depth(body), body.issued_at)
        case Revocation():
            return Revoking(body.device, body.revoked_from, policy.now())
        case Funding() if signer == ledger:
            return Funded(body.channel)
        case Refund() if signer == ledger:
            return Refunding(body.channel, body.amount, policy.now())
        case _:
            return None


def _depth(body: Grant) -> int:
    """How many issuers stand between the root and the device, by the grant's chain."""
    return sum(link.body.subject != link.body.issuer for link in body.chain) - 1


def _order(body: Command, signer: bytes, found: Finding, policy: Policy, ledger: bytes) -> Act | None:
    if body.op == DEPOSIT:
        return _deposit(body, signer, policy, ledger)
    return _withdrawal(body, signer, ledger, found) if body.op == WITHDRAW else None


def _contradicts(found: Finding) -> bool:
    return found.fault is not None and found.fault.code == EQUIVOCATION


def _same_ledger(named: bytes | None, ledger: bytes, noun: str) -> None:
    if named is None:
        raise book.Refusal("wrong_ledger", f"the {noun} names no ledger, so it could count in two")
    if named != ledger:
        raise book.Refusal(
            "wrong_ledger", f"the {noun} is for the ledger {named.hex()[:16]}, this is {ledger.hex()[:16]}"
        )


def _claim(body: ChannelClose, signer: bytes, at: int) -> book.Claim:
    if body.claims is None:
        return book.Claim(signer, at)
    if any(claim.lane >= MAX_LANES for claim in body.claims):
        raise book.Refusal("bad_lane", f"a channel has lanes 0 to {MAX_LANES - 1}")
    lanes = tuple((claim.lane, Lane(claim.seq, claim.amount, claim.voucher)) for claim in body.claims)
    return book.Claim(signer, at, lanes)


def _deposit(body: Command, signer: bytes, policy: Policy, ledger: bytes) -> Deposit:
    if signer not in {owner.device_id for owner in policy.owners}:
        raise book.Refusal("unknown_signer", "this ledger's operator does not admit deposits by this key")
    try:
        arguments = read_arguments(DepositArguments, body.arguments)
    except Malformed as error:
        raise book.Refusal("bad_deposit", f"its arguments: {error}") from error
    _same_ledger(arguments.ledger, ledger, "deposit")
    return Deposit(book.Transfer(signer, body.device, body.seq, _asset(arguments.asset), arguments.amount))


def _asset(asset: str) -> str:
    if not (1 <= len(asset) <= 32 and asset.isascii() and asset.isprintable() and " " not in asset):
        raise book.Refusal("bad_deposit", "an asset is 1 to 32 characters of printable ASCII without spaces")
    return asset


def _withdrawal(body: Command, signer: bytes, ledger: bytes, found: Finding) -> Withdrawal:
    if signer != found.owner:
        raise book.Refusal(
            "not_the_owner", "by the device's grant and the transfers since the owner is another one, or none"
        )
    try:
        arguments = read_arguments(WithdrawArguments, body.arguments)
    except Malformed as error:
        raise book.Refusal("bad_withdrawal", f"its arguments: {error}") from error
    _same_ledger(arguments.ledger, ledger, "withdrawal")
    return Withdrawal(book.Transfer(signer, body.device, body.seq, arguments.asset, arguments.amount))
