"""kill -9 at random moments of a trade: nothing is said twice with two contents, nothing is lowered, nothing is lost.

What left the devices is judged from outside, by a witness on the wire between them and by what they show a host.
Half of the moments are anywhere, half within a few hundredths of a second of a bill or a voucher, where the writes are.
A sample runs with the other tests; `make kills` makes more.
"""

import os
import random
import threading
import time
from collections import Counter
from itertools import pairwise

import pytest
from sealwright.operate.collecting import Collector, Source
from sealwright.wire.messages import ChannelClose, Reading, Voucher, parse_message

from .lab import Lab

KILLS = int(os.environ.get("SEALWRIGHT_KILLS", "40"))  # for each kind of goods
BLOCK = 16  # readings are numbered in blocks of so many: what a lost end burns at most
PRICE = 83


class Siege:
    """Trades between two boards that are killed again and again, and what came of it."""

    def __init__(self, lab, payer, payee, unit, proxy, witness):
        self.lab, self.payer, self.payee, self.unit = lab, payer, payee, unit
        self.proxy, self.witness = proxy, witness
        self.random = random.Random(f"sealwright {unit}")
        self.found = Counter()
        self.collector, self.collected, self.seq = Collector(), [], {}
        self.forgotten = set()  # channels that the owner let the payee forget

    def order(self, budget):
        """One order under fire until it is over, or for 12 kills, and then in peace to its end."""
        self.lab.order(self.payer, self.payee, self.unit, budget, address=self.proxy.address)
        kills = 0
        while kills < 12 and not self.enough and self.lab.info(self.payer)["order"][0] == 0:
            self.strike()
            kills += 1
        result = self.lab.wait(self.payer, lambda result: result["order"][0] != 0)
        assert result["order"][:2] == [1, None], result["order"]
        assert result["order"][2][1] > budget - PRICE, "the order ended before its budget"
        self.found["orders"] += 1
        self.collect()

    @property
    def enough(self):
        """Whether there were as many kills as asked for, and one of them between a write and what it is for: which of
        the two writes that was is chance, and engines are fast."""
        found, kills = self.found, self.found["kills"]
        met = found["promised and not yet sent"] + found["kept and not yet acknowledged"]
        return kills >= 10 * KILLS or (kills >= KILLS and met > 0)

    def strike(self):
        """Kill one or both at a random moment, restart them, and hold them to what left them before."""
        if self.random.random() < 0.5:
            time.sleep(self.random.random() * 0.5)
        else:
            self._await_step()
            time.sleep(self.random.random() * 0.08)
        victims = self.random.choice(([self.payer], [self.payee], [self.payer, self.payee]))
        for board in victims:
            board.kill()
        highest, receipted = dict(self.witness.highest), dict(self.witness.receipted)
        threads = [threading.Thread(target=board.start) for board in victims]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.found["kills"] += 1
        self.found["kills of " + " and ".join(board.name for board in victims)] += 1
        self.check_payer(highest)
        self.check_payee(receipted)

    def _await_step(self):
        steps, end = self.proxy.steps, time.monotonic() + 3
        while self.proxy.steps == steps and time.monotonic() < end:
            time.sleep(0.001)

    def check_payer(self, sent):
        """The payer has promised no less than what it sent: {(channel, lane): (seq, amount)}."""
        result = self.lab.info(self.payer)
        assert result["state"] == "provisioned"
        promised = result["order"][2] or (0, 0)
        best = max((pair for (channel, _), pair in sent.items() if channel not in self.forgotten), default=(0, 0))
        assert tuple(promised) >= best and promised[1] >= best[1], "the payer forgot what it promised"
        self.found["promised and not yet sent"] += tuple(promised) > best

    def check_payee(self, receipted):
        """The payee holds every voucher that it gave a receipt for: {channel: amount}."""
        held = {}
        with self.lab.client(self.payee) as client:
            assert client.info().state == "provisioned"
            for channel in client.channels():
                for message in map(parse_message, channel.messages):
                    self.witness.see(message)
                    if isinstance(message.body, Voucher):
                        held[message.body.channel] = message.body.amount
        for channel, amount in receipted.items():
            assert channel in self.forgotten or held.get(channel, 0) >= amount, "a voucher was lost after its receipt"
        self.found["kept and not yet acknowledged"] += any(
            amount > receipted.get(channel, 0) for channel, amount in held.items()
        )
        assert not self.proxy.errors, self.proxy.errors

    def collect(self):
        """Take up everything the boards show, tell them so, and let the witness see it."""
        new = []
        for board in (self.payer, self.payee):
            with self.lab.client(board) as client:
                source = Source(client, board.name, self.seq.get(board.name, 0))
                new += [*self.collector.certificates(client), *self.collector.readings(source)]
                new += self.collector.channels([source])
                self.seq[board.name] = source.seq
                self.forgotten.update(source.closed)
            self.lab.tell(board, "ack", {1: source.seq, 2: source.closed})
        for message in map(parse_message, new):
            self.witness.see(message)
        self.collected += new

    def bundle(self):
        """Certificates, readings and the whole history of the channels."""
        plain = [raw for raw in self.collected if isinstance(parse_message(raw).body, Reading)]
        certificates = [raw for raw in self.collected if parse_message(raw).type == "certificate"]
        return certificates + plain + self.witness.history()

    def burnt(self):
        """How many numbers were lost; every one must be the end of a block that a cut burnt."""
        readings = [parse_message(raw) for raw in self.collected]
        readings = [message for message in readings if isinstance(message.body, Reading)]
        shown = {message.digest for message in readings}
        assert set(self.witness.readings.values()) <= shown, "a reading was lost after it was shown"
        lost = 0
        for one, next_one in pairwise(readings):
            assert next_one.body.prev == one.digest
            jump = next_one.body.seq - one.body.seq - 1
            assert jump == 0 or (0 < jump < BLOCK and next_one.body.seq % BLOCK == 1), (one.body, next_one.body)
            lost += jump
            self.found["burnt blocks"] += jump > 0
        return lost


@pytest.mark.long
@pytest.mark.parametrize("unit", ["J", "reading"])
def test_kills_at_random_moments(lab: Lab, proxied, witness, unit, record_property):
    payee = lab.board("payee", [lab.power(50)] if unit == "J" else ["bme280"])
    payer = lab.board("payer")
    lab.tell(payee, "interval", 3)
    lab.sells(payee, unit, PRICE)
    siege = Siege(lab, payer, payee, unit, proxied(payee), witness)
    while not siege.enough:
        siege.order(PRICE * siege.random.randint(*((150, 350) if unit == "J" else (15, 40))))
    siege.found["burnt numbers"] = siege.burnt()
    assert not siege.proxy.errors, siege.proxy.errors
    verdicts = lab.verify(siege.bundle())
    refused = Counter(verdict.code for verdict in verdicts if not verdict.ok)
    assert refused == Counter({"gap": siege.found["burnt blocks"]} if siege.found["burnt blocks"] else {}), refused
    with lab.settle(siege.bundle(), {payer: 10**9}) as ledger:
        channels = ledger.channels()
    assert len(channels) == siege.found["orders"] and all(channel.closed for channel in channels)
    assert len(witness.of(ChannelClose)) == len(channels)
    assert all(channel.capacity - channel.paid < PRICE for channel in channels)
    siege.found["vouchers"] = len(witness.vouchers)
    siege.found["readings"] = len(witness.readings)
    siege.found["messages seen again"] = witness.repeated
    record_property("siege", dict(siege.found))
    print(unit, dict(siege.found))
    assert siege.found["promised and not yet sent"] + siege.found["kept and not yet acknowledged"]
