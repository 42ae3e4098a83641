"""What the channels of a settled bundle have paid, what is still to be claimed in them, and until when."""

from collections.abc import Mapping
from typing import Final

from ..ledger import Channel, Ledger
from ..verify import Verdict
from ..wire.messages import ChannelClose, ChannelOpen, Receipt, Voucher
from .session import Session
from .words import amount, clock, named, short

_MOST: Final = 1000  # channels: more are in `ledger channels`


class Claims:
    """The channels that a bundle names, and the vouchers in them that the ledger did not take."""

    def __init__(self) -> None:
        self._channels: dict[bytes, None] = {}
        self._opens: dict[bytes, ChannelOpen] = {}
        self._refused: dict[bytes, tuple[int, str]] = {}

    def note(self, verdict: Verdict) -> None:
        """Take in a verdict."""
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

    def show(self, session: Session, ledger: Ledger, names: Mapping[bytes, str]) -> None:
        """A line for each channel, and a warning for each claim that waits for something."""
        rows = []
        for digest in self._channels:
            channel = ledger.channel(digest)
            if channel is not None:
                rows.append(_row(channel, names))
                continue
            opened, (most, code) = self._opens.get(digest), self._refused.get(digest, (0, ""))
            if opened is not None and most:
                until = clock(opened.expires + max(opened.dispute_window or 0, ledger.least_window))
                payee = named(opened.payee, names)
                session.note(f"{payee} can still claim up to {amount(most, opened.asset)} until {until}: {code}")
        if rows:
            session.table(
                ("channel", "payer", "payee", "paid>", "refunded>", "left>", "asset", "claimable until"), rows
            )


def _row(channel: Channel, names: Mapping[bytes, str]) -> tuple[str, ...]:
    money = tuple(f"{value:,}" for value in (channel.paid, channel.refunded, channel.remaining))
    until = clock(channel.terms.claim_end) if channel.remaining else "settled"
    parties = (named(channel.payer, names), named(channel.payee, names))
    return (short(channel.digest), *parties, *money, channel.asset, until)
