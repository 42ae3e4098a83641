"""What devices hold of channels, added up: what was promised in each, and when it was closed.

Devices hand it over, so it is their word: nothing of it is checked here.
Limits: one number for each lane, and one for each voucher with ticks. A receipt counts after its voucher, as collected.
"""

from ..wire.messages import Body, ChannelClose, ChannelOpen, Message, Receipt, Refund, Voucher


class Promises:
    """The channels that messages speak of. opens: by digest. closed: the earliest time of a close, unix seconds.
    refunded: channels whose rest a ledger has given back."""

    def __init__(self) -> None:
        self.opens: dict[bytes, ChannelOpen] = {}
        self.closed: dict[bytes, int] = {}
        self.refunded: set[bytes] = set()
        self._lanes: dict[bytes, dict[int, int]] = {}
        self._tick_values: dict[bytes, int] = {}  # of one tick, by the voucher's digest

    def note(self, message: Message[Body]) -> None:
        """Take in a message; only those of channels count."""
        match message.body:
            case ChannelOpen() as body:
                self.opens[message.digest] = body
            case Voucher() as body:
                self._raise(body, body.amount)
                if body.ticks is not None:
                    self._tick_values[message.digest] = body.ticks.value
            case Receipt(tick=tick) as body if tick is not None:
                self._raise(body, body.amount + tick.number * self._tick_values.get(body.voucher, 0))
            case ChannelClose() as body:
                self.closed[body.channel] = min(self.closed.get(body.channel, body.closed_at), body.closed_at)
            case Refund() as body:
                self.refunded.add(body.channel)
            case _:
                pass

    def _raise(self, body: Voucher | Receipt, worth: int) -> None:
        lanes = self._lanes.setdefault(body.channel, {})
        lanes[body.lane] = max(lanes.get(body.lane, 0), worth)

    def promised(self, channel: bytes) -> int:
        """What the vouchers of a channel promise, in the asset's smallest unit: no more than its capacity."""
        return min(self.opens[channel].capacity, sum(self._lanes.get(channel, {}).values()))
