"""What payees still stand to lose: vouchers that no ledger has paid, and until when they may be claimed.

Read from messages as devices hold them, so it is their word; what this home's ledger has paid is taken off.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..bookkeeping import has_ledger, known_ledger
from ..errors import SealwrightError
from ..ledger import Channel
from ..money import Assets
from ..operate.promises import Promises
from ..verify.channels import LEAST_WINDOW
from .session import Session
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
        past = "" if self.until > time.time() else ", which is past"
        return f"{money} from {payer} until {clock(self.until)}{past}, in channel {short(self.channel)}{settled}"


def claimable(session: Session, promises: Promises) -> list[Claimable]:
    """What is left to claim in the channels that devices hold, the first to end first."""
    settled = _settled(session, promises.opens) if promises.opens else {}
    found = [_claim(promises, digest, settled.get(digest)) for digest in promises.opens]
    left = [one for one in found if one is not None and one.amount > 0]
    return sorted(left, key=lambda one: (one.until, one.channel))


def show_claimable(session: Session, claims: Sequence[Claimable]) -> None:
    """A line for each payee and channel: settle before that."""
    names = session.names()
    for one in claims:
        session.say(f"{named(one.payee, names)} may claim {one.said(session.assets, names)}")


def _claim(promises: Promises, digest: bytes, settled: Channel | None) -> Claimable | None:
    opened, promised = promises.opens[digest], promises.promised(digest)
    if settled is not None:
        left = min(promised - settled.paid, settled.remaining)
        paid, until = settled.paid, settled.terms.claim_end
    elif digest in promises.refunded:
        return None
    else:
        # another ledger may have the close: the claim may end that early
        window = max(opened.dispute_window or 0, LEAST_WINDOW)
        left, paid, until = promised, None, min(opened.expires, promises.closed.get(digest, opened.expires)) + window
    return Claimable(digest, opened.payer, opened.payee, opened.asset, left, paid, until)


def _settled(session: Session, channels: Iterable[bytes]) -> dict[bytes, Channel]:
    """The channels that this home's ledger knows; none where there is no ledger to ask."""
    try:
        if not has_ledger(session.home):
            return {}
        with known_ledger(session.home) as ledger:
            found = (ledger.channel(digest) for digest in channels)
            return {channel.digest: channel for channel in found if channel is not None}
    except SealwrightError:  # the commands that need the ledger report why it cannot be read
        return {}
