"""The law of settlement in sixty lines, written from the design and not from the code: what a history must end in.

It sees messages as plain values in the order they reach the ledger, and keeps no entries and no log.
"""

from dataclasses import dataclass, field


@dataclass
class Agreed:
    payer: str
    payee: str
    capacity: int
    end: int  # of the claim: expiry + window, or sooner
    window: int
    limit: int
    lanes: dict = field(default_factory=dict)
    closers: set = field(default_factory=set)
    paid: int = 0
    refunded: int = 0


class Reference:
    def __init__(self):
        self.funds, self.channels, self.used = {}, {}, set()

    def deposit(self, number, device, amount):
        if number not in self.used:
            self.used.add(number)
            self.funds[device] = self.funds.get(device, 0) + amount

    def open(self, at, name, payer, payee, capacity, expires, window):
        if name not in self.channels and at < expires + window and 0 < capacity <= self.funds.get(payer, 0):
            self.funds[payer] -= capacity
            self.channels[name] = Agreed(payer, payee, capacity, expires + window, window, capacity)

    def voucher(self, at, name, lane, worth):
        """A voucher and what it is worth with the ticks revealed."""
        channel = self.channels.get(name)
        if channel is not None and at < channel.end and lane < 64:
            channel.lanes[lane] = max(channel.lanes.get(lane, 0), worth)
            self._pay(channel)

    def _pay(self, channel):
        due = min(channel.limit, sum(channel.lanes.values())) - channel.paid
        if due > 0:
            channel.paid += due
            self.funds[channel.payee] = self.funds.get(channel.payee, 0) + due

    def close(self, at, name, signer, claims=None):
        """Claims: lane -> amount, or None for a close without."""
        channel = self.channels.get(name)
        if channel is None or at >= channel.end or signer in channel.closers:
            return
        channel.closers.add(signer)
        channel.end = min(channel.end, at + channel.window)
        if claims is not None and signer == channel.payee:
            limit = min(channel.limit, max(sum(claims.values()), channel.paid))
            self._refund(channel, channel.limit - limit)
            channel.limit = limit
        elif claims is not None:
            for lane, amount in claims.items():
                channel.lanes[lane] = max(channel.lanes.get(lane, 0), amount)
            self._pay(channel)

    def revoke(self, at, payer):
        for channel in self.channels.values():
            if channel.payer == payer and channel.paid + channel.refunded < channel.capacity:
                channel.end = min(channel.end, at + channel.window)

    def pass_time(self, at):
        for channel in self.channels.values():
            if at >= channel.end:
                self._refund(channel, channel.capacity - channel.paid - channel.refunded)

    def _refund(self, channel, amount):
        channel.refunded += amount
        self.funds[channel.payer] += amount
