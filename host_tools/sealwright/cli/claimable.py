"""What payees still stand to lose: vouchers that no ledger has paid, and until when they may be claimed.

Read from messages as devices hold them, so it is their word; what this home's ledger has paid is taken off.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SealwrightError
from ..ledger import Channel
from ..money import Assets
from ..verify.channels import LEAST_WINDOW
from ..wire.messages import Body, ChannelClose, ChannelOpen, Message, Refund, Voucher
from .session import Session
from .settle import known_ledger
from .words import clock, named, short


@dataclass(frozen=True, slots=True)
class Claimable:
    """`amount` of `asset` that `payee` may claim in a channel before `until` (unix seconds). paid: what this home's
    ledger has paid of the channel, None where it does not know it."""

    channel: bytes
    payer: bytes
    payee: bytes
    asset: str
    amount: int
    paid: int | None
    until: int

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        ids = {"channel": self.channel.hex(), "payer": self.payer.hex(), "payee": self.payee.hex()}
        money = {"amount": str(self.amount), "paid": None if self.paid is None else str(self.paid)}
        return {**ids, "asset": self.asset, **money, "claimable_until": self.until}

    def said(self, assets: Assets, names: Mapping[bytes, str]) -> str:
        """For people."""
        money, payer = assets.show(self.amount, self.asset), named(self.payer, names)
        settled = "" if not self.paid else f"; {assets.show(self.paid, self.asset)} is settled"
        return f"{money} from {payer} until {clock(self.until)}, in channel {short(self.channel)}{settled}"


def claimable(session: Session, messages: Iterable[Message[Body]]) -> list[Claimable]:
    """What is left to claim in the channels of these messages, the first to end first."""
    held = _Held()
    for message in messages:
        held.note(message)
    settled = _settled(session, held.opens) if held.opens else {}
    found = [_claim(held, digest, settled.get(digest)) for digest in held.opens]
    left = [one for one in found if one is not None and one.amount > 0]
    return sorted(left, key=lambda one: (one.until, one.channel))


class _Held:
    """The channels that messages speak of."""

    def __init__(self) -> None:
        self.opens: dict[bytes, ChannelOpen] = {}
        self.lanes: dict[bytes, dict[int, int]] = {}
        self.closed: dict[bytes, int] = {}
        self.refunded: set[bytes] = set()

    def note(self, message: Message[Body]) -> None:
        match message.body:
            case ChannelOpen() as body:
                self.opens[message.digest] = body
            case Voucher() as body:
                lanes = self.lanes.setdefault(body.channel, {})
                lanes[body.lane] = max(lanes.get(body.lane, 0), body.amount)
            case ChannelClose() as body:
                self.closed[body.channel] = min(self.closed.get(body.channel, body.closed_at), body.closed_at)
            case Refund() as body:
                self.refunded.add(body.channel)
            case _:
                pass


def _claim(held: _Held, digest: bytes, settled: Channel | None) -> Claimable | None:
    opened = held.opens[digest]
    promised = min(opened.capacity, sum(held.lanes.get(digest, {}).values()))
    if settled is not None:
        left = min(promised - settled.paid, settled.remaining)
        paid, until = settled.paid, settled.terms.claim_end
    elif digest in held.refunded:
        return None
    else:
        # another ledger may have the close: the claim may end that early
        window = max(opened.dispute_window or 0, LEAST_WINDOW)
        left, paid, until = promised, None, min(opened.expires, held.closed.get(digest, opened.expires)) + window
    return Claimable(digest, opened.payer, opened.payee, opened.asset, left, paid, until)


def _settled(session: Session, channels: Iterable[bytes]) -> dict[bytes, Channel]:
    """The channels that this home's ledger knows; none where there is no ledger to ask."""
    try:
        if not session.home.ledger_path.exists():
            return {}
        with known_ledger(session.home) as ledger:
            found = (ledger.channel(digest) for digest in channels)
            return {channel.digest: channel for channel in found if channel is not None}
    except SealwrightError:  # a ledger that cannot be read is told of by the commands that need it
        return {}
