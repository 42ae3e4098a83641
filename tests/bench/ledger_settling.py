"""Rows of `make bench`: vouchers that are each checked, posted and on disk, as ratios to bare OpenSSL.

Processor times of one run, each beside a measurement of OpenSSL of its own. Of two processes the time of the one that
takes longer: what two free cores come to.
"""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from sealwright.ledger import Ledger  # noqa: E402
from sealwright.wire.keys import public  # noqa: E402

from tests.bench.volume import Bare  # noqa: E402
from tests.host_tools.factory import NOW, Network, hash32  # noqa: E402

CHANNELS, VOUCHERS = 600, 10
ROUNDS = 5
GOALS = {"distinct_vouchers": 0.45, "with_two_processes": 1.6}


class Trade:
    """Vouchers of many channels, and what has to be settled before them."""

    def __init__(self, channels: int, vouchers: int) -> None:
        self.network = Network()
        self.owner, self.payer, payee = self.network.owner(), self.network.device("payer"), self.network.device("payee")
        opens = [self.payer.open(payee, vouchers * 10, nonce=hash32(f"channel {n}")[:16]) for n in range(channels)]
        numbers = range(1, vouchers + 1)
        # turn by turn, as channels of many devices come: no two of a batch are of one lane
        self.paid = [self.payer.voucher(one, n * 10, seq=n).raw for n in numbers for one in opens]
        certificates = [self.payer.certificate.raw, payee.certificate.raw]
        self.before = [*certificates, *(one.raw for one in opens)]
        self.deposit = self.owner.deposit(self.payer, vouchers * 10 * channels).raw

    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        """A new ledger on disk with the channels."""
        with tempfile.TemporaryDirectory() as folder:
            path, given = Path(folder) / "ledger.db", {"identity": self.network.ledger(), "clock": lambda: NOW}
            with Ledger(path, [self.network.root], [self.owner.key.public], **given) as book:
                assert book.deposit(self.deposit).ok and all(verdict.ok for verdict in book.settle(self.before))
                yield book


def seconds(trade: Trade, jobs: int) -> float:
    """The processor time of the busiest process, for all vouchers."""
    with trade.opened() as book:
        public._verify.cache_clear()
        helped, began = _of_helpers(), time.process_time()
        assert sum(verdict.code == "ok" for verdict in book.settle(trade.paid, jobs=jobs)) == len(trade.paid)
        return max(time.process_time() - began, _of_helpers() - helped)


def _of_helpers() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured() -> dict[str, float]:
    """Every row: a part of the signatures that OpenSSL alone checks in a second, and how much faster two are."""
    trade = Trade(CHANNELS, VOUCHERS)
    bare = Bare(trade.payer.key, trade.paid[:400])
    parts, gains = [], []
    for _ in range(ROUNDS):
        before, one = bare.seconds(), seconds(trade, 1)
        parts.append((before + bare.seconds()) / 2 * len(trade.paid) / one)
        gains.append(one / seconds(trade, 2))
    return {
        "distinct_vouchers": round(statistics.median(parts), 3),
        "with_two_processes": round(statistics.median(gains), 2),
    }


def lines(found: dict[str, float]) -> Iterable[str]:
    """For people: each ratio, its goal and whether it is met."""
    names = {
        "distinct_vouchers": ("distinct vouchers, checked, to disk", "of OpenSSL's speed"),
        "with_two_processes": ("the same with two processes", "times as fast"),
    }
    for key, (name, of) in names.items():
        met = "met" if found[key] >= GOALS[key] else "MISSED"
        yield f"{name:<36}{found[key]:.2f} {of}; goal {GOALS[key]}: {met}"


if __name__ == "__main__":
    print(*lines(measured()), sep="\n")
