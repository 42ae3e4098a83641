"""Channel histories as they happen: mostly honest, with replays, reordering, greed, merges, ticks and closes mixed in.

A history is a list of plain steps, ("deposit" | "open" | "voucher" | "close", ...); the tests turn them into postings
or into signed messages. Drawn from one seed, because lists that a shrinker likes hold few vouchers that pay.
"""

import random

DEVICES, CHANNELS, OWNERS = 3, 3, 2
ASSETS = ("EUR-cent", "Wh")
LANES = (0, 1, 2, 2**64 - 1)
EXPIRES = 100
TICKS = 6  # of value 1, where a voucher has any
TIMES = (0, EXPIRES - 1, EXPIRES, 2**62)


class Payer:
    """Draws the steps of one history."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lanes = {}  # (channel, lane) -> [seq, amount], as an honest payer counts
        self.steps = []

    def draw(self, length):
        for device in range(DEVICES):
            for asset in ASSETS:
                if self.random.random() < 0.8:
                    self.steps.append(
                        ("deposit", 0, device, 50 + ASSETS.index(asset), asset, self.random.randint(1, 150))
                    )
        self.steps += [self.open(number) for number in range(CHANNELS)]
        while len(self.steps) < length:
            self.steps.append(self.random.choices(self.kinds, (16, 3, 1, 1, 4, 1, 1, 3))[0](self))
        for _ in range(self.random.choice((0, 0, 3))):  # out of order
            one, two = self.random.randrange(length), self.random.randrange(length)
            self.steps[one], self.steps[two] = self.steps[two], self.steps[one]
        return self.steps[:length]

    def channel(self):
        return self.random.randrange(CHANNELS)

    def open(self, number=None):
        number = self.channel() if number is None else number
        parties = (self.random.randrange(DEVICES), self.random.randrange(DEVICES))
        return ("open", number, *parties, self.random.choice(ASSETS), self.random.choice((0, 20, 60, 60, 100)))

    def deposit(self):
        amount = self.random.choice((0, 1, 30, 2**63 - 1, 2**63 - 2))
        place = (self.random.randrange(OWNERS), self.random.randrange(DEVICES), self.random.randrange(3))
        return ("deposit", *place, self.random.choice(ASSETS), amount)

    def close(self):
        return ("close", self.channel(), self.random.randrange(DEVICES), self.random.choice(TIMES))

    def voucher(self):
        channel, lane = self.channel(), self.random.choice(LANES)
        count = self.lanes.setdefault((channel, lane), [0, 0])
        count[0] += self.random.choice((1, 1, 1, 2))
        count[1] += self.random.randint(0, 6)
        return self.signed(channel, lane, count, ())

    def signed(self, channel, lane, count, merged):
        ticks = self.random.choice((0, 0, 0, TICKS))
        revealed = self.random.randint(0, ticks)
        step = ("voucher", channel, lane, *count, merged, ticks, revealed)
        count[1] += revealed
        return step

    def wild(self):
        seq = self.random.choice((0, 1, 5, 2**64 - 1))
        others = tuple(
            (self.random.choice(LANES), self.random.randrange(12)) for _ in range(self.random.choice((0, 1, 2)))
        )
        where = (self.channel(), self.random.choice(LANES))
        return ("voucher", *where, seq, self.random.randint(0, 70), others, 0, 0)

    def merge(self):
        channel, lane, *others = self.channel(), *self.random.sample(LANES, self.random.choice((2, 3)))
        count = self.lanes.setdefault((channel, lane), [0, 0])
        merged = []
        for other in others:
            there = self.lanes.setdefault((channel, other), [0, 0])
            count[1] += there[1]
            merged.append((other, max(there[0] + self.random.choice((0, 0, 0, 1, -1)), 0)))
            there[0], there[1] = merged[-1][1], 0
        count[0] += 1
        return self.signed(channel, lane, count, tuple(merged))

    def again(self):
        return self.random.choice(self.steps or [self.voucher()])

    def further(self):
        """An earlier voucher with more of its ticks revealed."""
        earlier = [step for step in self.steps[-8:] if step[0] == "voucher" and step[6] > step[7]]
        if not earlier:
            return self.voucher()
        step = earlier[-1]
        revealed = self.random.randint(step[7] + 1, step[6])
        count = self.lanes.setdefault(step[1:3], [0, 0])
        count[1] = max(count[1], step[4] + revealed)
        return (*step[:7], revealed)

    kinds = (voucher, again, deposit, close, merge, open, wild, further)


def history(seed, length):
    """The first `length` steps of the history that `seed` draws."""
    return Payer(seed).draw(max(length, 1))[:length]
