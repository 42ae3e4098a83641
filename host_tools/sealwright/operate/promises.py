"""What devices hold of channels, added up: what was promised in each, and when it was closed.

Devices hand it over, so it is their word: nothing of it is checked here.
Limits: one number for each lane, however many vouchers come.
"""

from ..wire.messages import Body, ChannelClose, ChannelOpen, Message, Refund, Voucher


class Promises:
    """The channels that messages speak of. opens: by digest. closed: the earliest time of a close, unix seconds.
    refunded: channels whose rest a ledger has given back."""

    def __init__(self) -> None:
        self.opens: dict[bytes, ChannelOpen] = {}
        self.closed: dict[bytes, int] = {}
        self.refunded: set[bytes] = set()
        self._lanes: dict[bytes, dict[int, int]] = {}

    def note(self, message: Message[Body]) -> None:
        """Take in a message; only those of channels count."""
        match message.body:
            case ChannelOpen() as body:
                self.opens[message.digest] = body
            case Voucher() as body:
                lanes = self._lanes.setdefault(body.channel, {})
                lanes[body.lane] = max(lanes.get(body.lane, 0), body.amount)
            case ChannelClose() as body:
                self.closed[body.channel] = min(self.closed.get(body.channel, body.closed_at), body.closed_at)
            case Refund() as body:
                self.refunded.add(body.channel)
            case _:
                pass

    def promised(self, channel: bytes) -> int:
        """What the vouchers of a channel promise, in the asset's smallest unit: no more than its capacity."""
        return min(self.opens[channel].capacity, sum(self._lanes.get(channel, {}).values()))
