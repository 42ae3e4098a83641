"""Random histories of channels: honest and hostile vouchers, ticks, receipts, closes, copies, flipped bits.

A step is (message, call): the signed message, and a function that does the same to a `Reference`. Drawn from
one seed, because lists that a shrinker likes hold few vouchers that pay.
"""

import random
from functools import cache

from sealwright.verify import hash_times
from sealwright.wire.messages import ChannelClose as Close
from sealwright.wire.messages import Claim, RevealedTick, Ticks, sign_message

from tests.host_tools.factory import DAY, NOW, Network, hash32

NETWORK = Network()
PAYER, PAYEE, OTHER = (NETWORK.device(label) for label in ("payer", "payee", "other"))
OWNER = NETWORK.owner()
NAMES = {PAYER.id: "payer", PAYEE.id: "payee", OTHER.id: "other"}
CERTIFICATES = [device.certificate.raw for device in (PAYER, PAYEE, OTHER)]
WINDOW, EXPIRES = 3 * DAY, NOW + 10 * DAY
CAPACITY, CHANNELS, TICKS = 100, 2, 6
BOUNDLESS = dict.fromkeys(range(64), 2**63 - 1)  # what a payer claims that would stop a ledger


@cache
def channel(number):
    payee = (PAYEE, OTHER)[number]
    return PAYER.open(payee, CAPACITY, nonce=hash32(f"channel {number}")[:16], expires=EXPIRES)


class Drawing:
    """Draws steps; `sound` leaves out closes by which a party gives up what it holds."""

    def __init__(self, seed, *, sound=False):
        self.random, self.sound = random.Random(seed), sound
        self.seqs, self.best, self.steps = {}, {}, []

    def start(self, *, rich=False):
        """The money and the channels; without `rich` the money may do for one of them alone."""
        money = OWNER.deposit(PAYER, 150 if self.random.random() < 0.3 and not rich else 250, seq=1)
        opens = [(channel(n), self._open(n)) for n in range(CHANNELS)]
        amount = money.body.arguments[2]
        return [(money, lambda model, at: model.deposit(1, "payer", amount)), *opens]

    def _open(self, number):
        payee = NAMES[channel(number).body.payee]
        return lambda model, at: model.open(at, number, "payer", payee, CAPACITY, EXPIRES, WINDOW)

    def draw(self, length):
        kinds = (self.honest, self.poison, self.twin, self.greedy, self.ticking, self.flipped, self.foreign)
        weights = (8, 3, 2, 2, 4, 1, 1)
        for _ in range(length):
            self.steps += self.random.choices(kinds, weights)[0](self.random.randrange(CHANNELS))
        return [*self.steps, *self.closes()]

    def pay(self, number, amount, seq, lane, worth=None, **more):
        message = PAYER.voucher(channel(number), amount, seq=seq, lane=lane, **more)
        worth = amount if worth is None else worth
        if lane < 64:
            best = self.best.setdefault(number, {})
            best[lane] = max(best.get(lane, 0), worth)
        return message, lambda model, at: model.voucher(at, number, lane, worth)

    def honest(self, number):
        lane = self.random.choice((0, 0, 0, 1, 63))
        count = self.seqs.setdefault((number, lane), [0, 0])
        count[0] += self.random.choice((1, 1, 2))
        count[1] += self.random.randint(0, 20)
        return [self.pay(number, count[1], count[0], lane)]

    def poison(self, number):
        """The newest seq there is, for little or nothing."""
        return [self.pay(number, self.random.choice((0, 1)), 2**64 - 1 - self.random.randrange(3), 0)]

    def twin(self, number):
        """Other content under a number that was used."""
        seq, amount = self.seqs.get((number, 0), [1, 5])
        return [self.pay(number, max(0, amount + self.random.randint(-9, 9)), max(1, seq), 0, item=hash32("twin"))]

    def greedy(self, number):
        return [self.pay(number, self.random.choice((CAPACITY + 1, 2**63 - 1, 60)), 1, self.random.choice((2, 64)))]

    def ticking(self, number):
        """A promise of ticks; some are revealed, by a receipt."""
        seed = hash32(f"ticks {number} {self.random.randrange(5)}")
        ticks = Ticks(hash_times(seed, TICKS), self.random.choice((1, 2**40)), TICKS)
        voucher, call = self.pay(number, 3, self.random.randrange(9), 5, ticks=ticks)
        revealed = self.random.randint(0, TICKS)
        if not revealed or ticks.value > 1:
            return [(voucher, call)]
        tick = RevealedTick(revealed, hash_times(seed, TICKS - revealed))
        payee = (PAYEE, OTHER)[number]
        worth = 3 + revealed
        self.best[number][5] = max(self.best[number][5], worth)

        def reveal(model, at):
            model.voucher(at, number, 5, worth)

        # a receipt rests on its voucher, and a ledger keeps no voucher that moved nothing: they come together
        return [(voucher, call), ((payee.receipt(voucher, tick=tick), voucher), reveal)]

    def flipped(self, number):
        raw = PAYER.voucher(channel(number), 99, seq=7).raw
        return [(raw[:-1] + bytes((raw[-1] ^ 1,)), lambda model, at: None)]

    def foreign(self, number):
        return [(OTHER.voucher(channel(1 - number), 90, seq=9), lambda model, at: None)] if number else []

    def closes(self):
        found = []
        for number in range(CHANNELS):
            payee = (PAYEE, OTHER)[number]
            if self.random.random() < 0.5:
                found.append(self._close(number, PAYER, self.random.choice((None, {0: 7, 3: 2}, BOUNDLESS))))
            if self.random.random() < 0.5:
                claims = dict(self.best.get(number, {}))
                if not self.sound:
                    claims = {lane: self.random.randint(0, amount) for lane, amount in claims.items()}
                found.append(self._close(number, payee, self.random.choice((None, claims))))
        return found

    def _close(self, number, signer, claims):
        if claims and signer is PAYER:
            best = self.best.setdefault(number, {})
            for lane, amount in claims.items():
                best[lane] = max(best.get(lane, 0), amount)
        named = None
        if claims is not None:
            named = tuple(Claim(lane, 1, min(n, 2**63 - 1), bytes(32)) for lane, n in sorted(claims.items()))
            claims = {lane: min(n, 2**63 - 1) for lane, n in claims.items()}
        message = sign_message(signer.key, Close(channel(number).digest, NOW, named))
        return message, lambda model, at: model.close(at, number, NAMES[signer.id], claims)
