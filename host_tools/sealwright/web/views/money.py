"""Money: what devices hold, channels with their claim's end, and what flowed between whom.

Limits: flows and each device's channels are added up over all channels, some 10 seconds for a million, and remembered
as long as `memo` says; lists are read page by page and cost what they show.
"""

import time
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from ...ledger import Balance, Channel, LedgerFile
from .sources import Sources

PAGE: Final = 50
KEPT: Final = 20  # channels of each device, the newest


class Held(NamedTuple):
    """What an account holds: `amount` smallest units of an asset, and as people write it."""

    device: bytes
    asset: str
    amount: int
    shown: str


class ChannelLine(NamedTuple):
    """A channel. until: unix seconds, the claim's end; state: open, closing, ended or settled."""

    row: int
    digest: bytes
    payer: bytes
    payee: bytes
    asset: str
    capacity: int
    paid: int
    refunded: int
    remaining: int
    until: int
    state: str
    shown: dict[str, str]


class Flow(NamedTuple):
    """What one device paid another in all its channels."""

    payer: bytes
    payee: bytes
    asset: str
    amount: int
    channels: int
    shown: str


class Flows(NamedTuple):
    """All that is added up. at: unix seconds."""

    flows: Sequence[Flow]
    newest: dict[bytes, Sequence[ChannelLine]]
    channels: int
    remaining: Sequence[tuple[str, str]]
    at: float


def balances(sources: Sources, after: tuple[str, bytes] = ("", b""), most: int = PAGE) -> list[Held]:
    """What devices hold, by asset and id, after one. Raises LedgerError."""
    ledger = sources.ledger()
    return [] if ledger is None else [_held(sources, one) for one in ledger.accounts("device", after, most)]


def _held(sources: Sources, one: Balance) -> Held:
    return Held(one.name, one.asset, one.amount, sources.assets().show(one.amount, one.asset))


def held_by(sources: Sources, device: bytes) -> list[Held]:
    """What a device holds of each asset."""
    ledger = sources.ledger()
    if ledger is None:
        return []
    found = []
    for asset in sources.memo.get("assets", lambda: _assets(ledger)):
        # the account that comes after the largest name below this one
        (one, *_) = [*ledger.accounts("device", (asset, _before(device)), 1), None]
        if one is not None and (one.asset, one.name) == (asset, device):
            found.append(_held(sources, one))
    return found


def _before(device: bytes) -> bytes:
    """The device id just below this one."""
    number = int.from_bytes(device, "big")
    return (number - 1).to_bytes(len(device), "big") if number else b""


def _assets(ledger: LedgerFile) -> list[str]:
    found: list[str] = []
    after = ("", b"")
    while one := ledger.accounts("world", after, 1):
        found.append(one[0].asset)
        after = (one[0].asset, b"\xff" * 33)
    return found


def channels(sources: Sources, after: int = 0, most: int = PAGE) -> list[ChannelLine]:
    """Channels in the order they were opened, after a row of the log. Raises LedgerError."""
    ledger = sources.ledger()
    if ledger is None:
        return []
    return [_channel(sources, row, one) for row, one in ledger.channels_after(after, most)]


def ending(sources: Sources, within: int) -> list[ChannelLine]:
    """Channels that hold money and whose claim ends within so many seconds, the first to end first."""
    ledger = sources.ledger()
    return [] if ledger is None else [_channel(sources, 0, one) for one in ledger.ending(within)[:PAGE]]


def _channel(sources: Sources, row: int, one: Channel) -> ChannelLine:
    terms, show = one.terms, sources.assets().show
    amounts = {"capacity": terms.capacity, "paid": one.paid, "refunded": one.refunded, "remaining": one.remaining}
    return ChannelLine(
        row=row,
        digest=terms.digest,
        payer=terms.payer,
        payee=terms.payee,
        asset=terms.asset,
        until=terms.claim_end,
        state=_state(one),
        shown={name: show(amount, terms.asset) for name, amount in amounts.items()},
        **amounts,
    )


def _state(one: Channel) -> str:
    if one.remaining == 0:
        return "settled"
    if one.terms.claim_end <= time.time():
        return "ended"
    return "open" if one.closed_at is None else "closing"


def channels_of(sources: Sources, device: bytes) -> Sequence[ChannelLine]:
    """The newest channels of a device, as either party."""
    return flows(sources).newest.get(device, ())


def flows(sources: Sources) -> Flows:
    """What flowed between whom, the largest first. Raises LedgerError."""
    return sources.memo.get("flows", lambda: _flows(sources))


def _flows(sources: Sources) -> Flows:
    ledger = sources.ledger()
    paid: dict[tuple[bytes, bytes, str], list[int]] = defaultdict(lambda: [0, 0])
    newest: dict[bytes, deque[Channel]] = defaultdict(lambda: deque(maxlen=KEPT))
    remaining: dict[str, int] = defaultdict(int)
    count = 0
    for one in () if ledger is None else ledger.each_channel():
        count += 1
        sums = paid[one.terms.payer, one.terms.payee, one.terms.asset]
        sums[0] += one.paid
        sums[1] += 1
        remaining[one.terms.asset] += one.remaining
        newest[one.terms.payer].append(one)
        newest[one.terms.payee].append(one)
    show = sources.assets().show
    found = [Flow(*key, amount, many, show(amount, key[2])) for key, (amount, many) in paid.items()]
    found.sort(key=lambda flow: (-flow.amount, flow.payer, flow.payee))
    lines: dict[bytes, Sequence[ChannelLine]] = {}
    lines |= {device: [_channel(sources, 0, one) for one in reversed(some)] for device, some in newest.items()}
    left = [(asset, show(amount, asset)) for asset, amount in sorted(remaining.items())]
    return Flows(found, lines, count, left, time.time())
