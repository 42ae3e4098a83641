"""A second, tiny account of the ledger's rules, written from the plan and not from the code, to compare with.

It keeps no entries and no balances: only what was deposited, and each channel's lanes. What a device holds is worked
out from those whenever it is asked.
"""

from dataclasses import dataclass, field


@dataclass
class ModelChannel:
    payer: bytes
    payee: bytes
    asset: str
    capacity: int
    expires: int
    open: bool = True
    lanes: dict = field(default_factory=dict)  # lane -> [seq, redeemed, promised, voucher]

    @property
    def paid(self):
        return sum(redeemed for _, redeemed, _, _ in self.lanes.values())


@dataclass
class Model:
    deposits: dict = field(default_factory=dict)  # (owner, device, seq) -> (asset, amount)
    channels: dict = field(default_factory=dict)
    seen: set = field(default_factory=set)

    def holds(self, device, asset):
        total = sum(n for (_, who, _), (what, n) in self.deposits.items() if (who, what) == (device, asset))
        for channel in self.channels.values():
            if channel.asset == asset:
                if channel.payer == device:
                    total -= channel.capacity if channel.open else channel.paid
                if channel.payee == device:
                    total += channel.paid
        return total

    def deposit(self, digest, owner, device, seq, asset, amount):
        if digest in self.seen:
            return "already_settled"
        if (owner, device, seq) in self.deposits:
            return "replay"
        if amount < 1 or not asset:
            return "bad_deposit"
        if sum(n for what, n in self.deposits.values() if what == asset) + amount > 2**63 - 1:
            return "over_supply"
        self.deposits[owner, device, seq] = (asset, amount)
        return self._took(digest)

    def open(self, digest, payer, payee, asset, capacity, expires):
        if digest in self.seen:
            return "already_settled"
        if self.holds(payer, asset) < capacity:
            return "unfunded"
        self.channels[digest] = ModelChannel(payer, payee, asset, capacity, expires)
        return self._took(digest)

    def voucher(self, digest, channel, lane, seq, amount, merges, ticks, revealed):
        """`ticks`: how many ticks of value 1 it promises on top of `amount`; `revealed`: how many are revealed."""
        found = self.channels.get(channel)
        here = found.lanes.get(lane) if found else None
        further = here is not None and here[3] == digest and amount + revealed > here[1]
        if digest in self.seen and not further:
            return "already_settled"
        if found is None:
            return "unknown_channel"
        if further:
            if not found.open:
                return "closed"
            here[1] = amount + revealed
            return "ok"
        if here is not None and seq <= here[0]:
            return "replay"
        numbers = [number for number, _ in merges]
        others = sum(promise for number, (_, _, promise, _) in found.lanes.items() if number not in [lane, *numbers])
        if others + amount + ticks > found.capacity:
            return "over_capacity"
        if amount < sum(found.lanes[number][1] for number in {lane, *numbers} if number in found.lanes):
            return "amount_decreased"
        if lane in numbers or len(set(numbers)) < len(numbers):
            return "bad_merge"
        if any(number not in found.lanes or found.lanes[number][0] > at for number, at in merges):
            return "bad_merge"
        if not found.open:
            return "closed"
        for number, at in merges:
            found.lanes[number] = [at, 0, 0, digest]
        found.lanes[lane] = [seq, amount + revealed, amount + ticks, digest]
        return self._took(digest)

    def close(self, digest, channel, signer, now):
        found = self.channels.get(channel)
        if digest in self.seen:
            return "already_settled"
        if found is None:
            return "unknown_channel"
        if signer not in (found.payer, found.payee):
            return "not_a_party"
        if not found.open:
            return "closed"
        if signer == found.payer != found.payee and now < found.expires:
            return "too_early"
        found.open = False
        return self._took(digest)

    def _took(self, digest):
        self.seen.add(digest)
        return "ok"
