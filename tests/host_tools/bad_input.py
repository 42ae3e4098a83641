"""Bad input at volume: a tenth of all messages is forged, a copy, stale, over capacity or foreign, each with its code.

`make campaign-bad N=200000` takes N messages in place of the sample that the test has; SEED draws others. Checked are
every verdict of `verify`, each by itself and by chain, and of `settle`, newest first and all kept; every sum of what is
owed; every balance; and the audit.
Limits: a forged reading is one with other content. Of one whose signature bytes alone are wrong a chain says less.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sealwright.ledger import Ledger
from sealwright.verify import BundleMemory, Policy, Verifier
from sealwright.wire import cbor
from sealwright.wire.messages import Funding, sign_message

from tests.host_tools.factory import NOW, Device, Network, hash32

DEVICES, LANE = 20, 40  # devices that measure; vouchers of one lane
CAPACITY = 1000
BAD = 0.1
FRESH = frozenset({"ok"})
KEPT = frozenset({"ok", "superseded"})


@dataclass
class Said:
    """A message, what it is (a word for people), and the codes that it may have: of a check, of settling all, and of
    settling newest first."""

    raw: bytes
    what: str
    checked: frozenset
    settled: frozenset | None = None
    newest: frozenset | None = None


def altered(raw: bytes) -> bytes:
    """The message with another value at its end and the signature that it had: still well-formed."""
    protected, empty, payload, signature = cbor.decode(raw).value
    return cbor.encode(cbor.Tag(18, [protected, empty, payload[:-1] + bytes((payload[-1] ^ 1,)), signature]))


def one(*codes: str) -> frozenset:
    return frozenset(codes)


@dataclass
class Input:
    """Messages drawn from a seed. readings, payments: in an order that a bundle may have. owed: by channel. bad: how
    many of each kind."""

    number: int
    seed: object = 1
    network: Network = field(default_factory=Network)
    readings: list = field(default_factory=list)
    payments: list = field(default_factory=list)
    owed: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.payer, self.payee = self.network.device("payer"), self.network.device("payee")
        self.third, self.identity = self.network.device("third"), self.network.ledger()
        self.foreign = Network("another net", "another root").device("foreign")
        half = self.number // 2
        self.devices = [self.network.device(f"meter {n}") for n in range(DEVICES)]
        self._measure(half)
        self._pay(self.number - half)

    @property
    def certificates(self) -> list:
        parties = (*self.devices, self.payer, self.payee, self.third)
        return [party.certificate.raw for party in parties] + [self.identity.certificates[0].raw]

    def _measure(self, number: int) -> None:
        good, bad = [], round(number * BAD)
        for _ in range((number - bad) // DEVICES):
            for device in self.devices:
                good.append(Said(device.reading(self.random.randrange(9000)).raw, "reading", FRESH))
        self.readings = self._mixed(good, [self._bad_reading(good) for _ in range(bad)])

    def _bad_reading(self, good: list) -> tuple:
        """(after which of the good ones it comes, the message)"""
        at = self.random.randrange(len(good))
        kind = self.random.choice(("forged", "copy", "stale", "foreign"))
        if kind == "forged":
            return at, Said(altered(good[at].raw), kind, one("bad_signature"))
        if kind == "foreign":
            return at, Said(self.foreign.reading(at).raw, kind, one("unknown_signer"))
        # the same reading once more, at once or long after
        return at if kind == "copy" else len(good) - 1, Said(good[at].raw, kind, one("replay"))

    def _mixed(self, good: list, bad: list) -> list:
        """Each bad one right after the good one that it names."""
        after: dict = {}
        for at, said in bad:
            after.setdefault(at, []).append(said)
        return [said for at, one in enumerate(good) for said in (one, *after.get(at, ()))]

    def _pay(self, number: int) -> None:
        good, bad = [], round(number * BAD)
        self.opens = []
        for n in range(max(1, (number - bad) // (LANE + 1))):
            channel = self.payer.open(self.payee, CAPACITY, nonce=hash32(f"{self.seed} {n}")[:16])
            self.opens.append(channel)
            self.owed[channel.digest] = 0
            good.append(Said(channel.raw, "open", FRESH, FRESH, FRESH))
            for seq in range(1, LANE + 1):
                amount = seq * 20  # the last is below the capacity
                voucher = self.payer.voucher(channel, amount, seq=seq)
                good.append(Said(voucher.raw, "voucher", FRESH, FRESH, KEPT))
                self.owed[channel.digest] = amount
        self.payments = self._mixed(good, [self._bad_payment(good, n) for n in range(bad)])

    def _bad_payment(self, good: list, n: int) -> tuple:
        at = self.random.randrange(len(good))
        channel = self.opens[at // (LANE + 1)]
        last = at // (LANE + 1) * (LANE + 1) + LANE  # the best voucher of this channel
        kind = self.random.choice(("forged", "copy", "stale", "over", "late", "foreign", "third", "funding"))
        if kind == "forged":
            code = one("bad_signature")
            return last, Said(altered(good[last].raw), kind, code, code, code)
        if kind == "copy":
            first = at % (LANE + 1) == 0
            again = one("already_settled") if first else one("already_settled", "superseded")
            return last, Said(good[at].raw, kind, one("replay"), one("already_settled"), again)
        return self._new_bad_payment(kind, n, last, channel)

    def _new_bad_payment(self, kind: str, n: int, last: int, channel) -> tuple:
        """One that its signer signed properly."""
        # no voucher of another kind in a lane that is over: it would be superseded there, newest first, and unchecked
        pay, lane = self.payer.voucher, 1 + n % 20 + (0 if kind == "over" else 30)
        if kind == "stale":  # a number that the lane never had, below its best, for less
            raw, codes = pay(channel, 1, seq=0).raw, [one("superseded", "replay"), one("superseded"), one("superseded")]
        elif kind == "over":  # no voucher is turned away for that: the capacity caps what is paid
            self.owed[channel.digest] = CAPACITY
            raw = pay(channel, CAPACITY + 1 + n, seq=n + 1, lane=lane).raw
            codes = [one("ok", "superseded"), one("ok"), KEPT]
        elif kind == "late":
            raw, codes = pay(channel, 10, seq=n + 1, lane=lane, not_after=NOW - 1).raw, [one("expired")] * 3
        elif kind == "foreign":
            raw, codes = self.foreign.voucher(channel, 9 + n, seq=n + 1, lane=lane).raw, [one("unknown_signer")] * 3
        elif kind == "third":
            raw, codes = self.third.voucher(channel, 9 + n, seq=n + 1, lane=lane).raw, [one("not_a_party")] * 3
        else:  # the ledger's word for more than the channel has
            raw = sign_message(self.identity.key, Funding(channel.digest, CAPACITY + 1 + n, NOW)).raw
            codes = [one("over_capacity")] * 3
        return last, Said(raw, kind, *codes)


def held(verdicts, said: list, codes: str) -> Counter:
    """Compare verdicts with what is said of the messages; how many of each kind there were."""
    found, seen = Counter(), set()
    for verdict in verdicts:
        want = said[verdict.n]
        assert verdict.code in getattr(want, codes), (verdict, want.what)
        assert verdict.n not in seen
        seen.add(verdict.n)
        found[want.what] += 1
    assert len(seen) == len(said)
    return found


def check(given: Input, proof: str) -> Counter:
    """All messages as one bundle."""
    said = [Said(raw, "certificate", FRESH) for raw in given.certificates] + given.readings + given.payments
    memory = BundleMemory()
    verifier = Verifier([given.network.root], Policy(at=NOW, proof=proof), memory)
    found = held(verifier.run(one.raw for one in said), said, "checked")
    assert {channel.terms.digest: channel.owed for channel in memory.channels()} == given.owed
    assert sum(memory.head(device.id).seq for device in given.devices) == found["reading"]
    return found


def settle(given: Input, folder: Path, *, newest_first: bool) -> Counter:
    """The payments into a new ledger."""
    owner = given.network.owner()
    options = {"identity": given.identity, "clock": lambda: NOW, "longest_pause": None}
    with Ledger(folder / f"{newest_first}.db", [given.network.root], [owner.key.public], **options) as book:
        assert book.deposit(owner.deposit(given.payer, CAPACITY * len(given.owed)).raw).ok
        assert all(verdict.ok for verdict in book.settle(given.certificates))
        raws = [one.raw for one in given.payments]
        found = held(
            book.settle(raws, newest_first=newest_first), given.payments, "newest" if newest_first else "settled"
        )
        paid = sum(given.owed.values())
        assert balance(book, given.payee) == paid and balance(book, given.payer) == 0
        assert {line.digest: line.paid for line in book.channels()} == given.owed
        assert sum(line.amount for line in book.balances()) == 0
        assert book.audit().ok
    return found


def balance(book: Ledger, device: Device) -> int:
    return sum(line.amount for line in book.balances() if (line.kind, line.name) == ("device", device.id))


def campaign(number: int, seed: object, tell=lambda text: None) -> Counter:
    """Run all four over `number` messages; how many there were of each kind."""
    began = time.monotonic()
    given = Input(number, seed)
    tell(f"signed after {time.monotonic() - began:.0f} s")
    kinds = check(given, "each")
    tell(f"each: every verdict and sum as expected, after {time.monotonic() - began:.0f} s")
    assert check(given, "chained") == kinds
    tell(f"chained: the same, after {time.monotonic() - began:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        for newest_first in (True, False):
            settle(given, Path(folder), newest_first=newest_first)
            tell(f"settled, newest first {newest_first}: after {time.monotonic() - began:.0f} s")
    return kinds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("number", type=int, help="how many messages")
    parser.add_argument("--seed", default="1")
    wanted = parser.parse_args()
    total = campaign(wanted.number, wanted.seed, lambda text: print(text, file=sys.stderr, flush=True))
    print(", ".join(f"{kind} {count:,}" for kind, count in sorted(total.items())))
