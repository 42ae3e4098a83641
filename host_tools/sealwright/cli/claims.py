"""How settling ends: what moved, what the channels of the bundle have left, and until when that may be claimed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..ledger import Channel, Ledger, Moved, Movement
from ..money import Assets
from ..verify import Verdict
from ..verify.codes import OTHER_SHARD
from ..wire.messages import ChannelClose, ChannelOpen, Receipt, Voucher
from .session import Session
from .words import clock, named, number, short

_MOST: Final = 1000  # channels: more are in `ledger channels`


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A claim in a channel that the ledger did not take: `payee` may claim `amount` until then. code: the refusal's."""

    channel: bytes
    payee: bytes
    asset: str
    amount: int
    until: int
    code: str

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        ids = {"channel": self.channel.hex(), "payee": self.payee.hex()}
        money = {"asset": self.asset, "amount": str(self.amount)}
        return {**ids, **money, "claimable_until": self.until, "code": self.code}


class Claims:
    """The channels that a bundle names, and the vouchers in them that the ledger did not take."""

    def __init__(self) -> None:
        self._channels: dict[bytes, None] = {}
        self._opens: dict[bytes, ChannelOpen] = {}
        self._refused: dict[bytes, tuple[int, str]] = {}
        self._all_hold = True
        self._left = 0

    def note(self, verdict: Verdict) -> None:
        """Take in a verdict."""
        self._all_hold &= verdict.ok
        self._left += verdict.code == OTHER_SHARD
        body = verdict.message.body if verdict.message is not None else None
        if isinstance(body, ChannelOpen) and verdict.digest is not None:
            self._opens[verdict.digest] = body
            self._add(verdict.digest)
        elif isinstance(body, Voucher | Receipt | ChannelClose):
            self._add(body.channel)
        if isinstance(body, Voucher) and not verdict.ok:
            most, _ = self._refused.get(body.channel, (0, ""))
            self._refused[body.channel] = (max(most, body.amount), verdict.code)

    def _add(self, channel: bytes) -> None:
        if len(self._channels) < _MOST:
            self._channels[channel] = None

    def show(self, session: Session, ledger: Ledger, names: Mapping[bytes, str], moved: Moved) -> None:
        """What moved, a line for each channel, and a warning for each claim that waits for something; for programs one
        object."""
        channels = [channel for digest in self._channels if (channel := ledger.channel(digest)) is not None]
        movements, waiting = list(moved), list(self._waiting(ledger, {one.digest for one in channels}))
        session.emit(
            ok=self._all_hold,
            moved=[_moved_json(one, names) for one in movements[:_MOST]],
            channels=[_channel_json(one) for one in channels],
            waiting=[one.as_dict() for one in waiting],
            **({"left": self._left} if self._left else {}),
        )
        if self._left:
            session.say(f"{number(self._left, 'message')} of other shards: left to who settles those.")
        for one in waiting:
            payee, most = named(one.payee, names), session.assets.show(one.amount, one.asset)
            session.note(f"{payee} can still claim up to {most} until {clock(one.until)}: {one.code}")
        session.say()
        if not movements:
            session.say("Nothing moved.")
        for movement in movements[:_MOST]:
            session.say(f"{movement.kind:<9}  {_said(movement, session.assets, names)}")
        if len(movements) > _MOST:
            session.say(f"and {len(movements) - _MOST} more: `sealwright ledger export` has every entry")
        if channels:
            session.say()
            columns = ("channel", "payer", "payee", "paid>", "refunded>", "left>", "claimable until")
            session.table(columns, [_row(one, session.assets, names) for one in channels])

    def _waiting(self, ledger: Ledger, known: set[bytes]) -> Iterator[_Waiting]:
        for digest in self._channels:
            opened, (most, code) = self._opens.get(digest), self._refused.get(digest, (0, ""))
            if digest not in known and opened is not None and most:
                until = opened.expires + max(opened.dispute_window or 0, ledger.least_window)
                yield _Waiting(digest, opened.payee, opened.asset, most, until, code)


def _said(one: Movement, assets: Assets, names: Mapping[bytes, str]) -> str:
    money, payer, payee = assets.show(one.amount, one.asset), named(one.payer, names), named(one.payee, names)
    match one.kind:
        case "paid":
            return f"{money} from {payer} to {payee}"
        case "refunded":
            return f"{money} to {payer}, of a channel to {payee}"
        case "locked":
            return f"{money} of {payer}, in a channel to {payee}"
        case "deposited":
            return f"{money} for {payee}"
        case _:
            return f"{money} left from {payer}"


def _moved_json(one: Movement, names: Mapping[bytes, str]) -> dict[str, Any]:
    parties = {"payer": one.payer, "payee": one.payee}
    shown = {role: None if device is None else device.hex() for role, device in parties.items()}
    called = {f"{role}_name": None if device is None else names.get(device) for role, device in parties.items()}
    return {"what": one.kind, **shown, **called, "asset": one.asset, "amount": str(one.amount)}


def _channel_json(channel: Channel) -> dict[str, Any]:
    sums = {"paid": channel.paid, "refunded": channel.refunded, "remaining": channel.remaining}
    return {
        "channel": channel.digest.hex(),
        "payer": channel.payer.hex(),
        "payee": channel.payee.hex(),
        "asset": channel.asset,
        **{name: str(value) for name, value in sums.items()},
        "claimable_until": channel.terms.claim_end,
    }


def _row(channel: Channel, assets: Assets, names: Mapping[bytes, str]) -> tuple[str, ...]:
    sums = (channel.paid, channel.refunded, channel.remaining)
    money = tuple(assets.show(value, channel.asset) for value in sums)
    until = clock(channel.terms.claim_end) if channel.remaining else "settled"
    return (short(channel.digest), named(channel.payer, names), named(channel.payee, names), *money, until)
