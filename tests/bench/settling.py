"""Rows of `make bench`: vouchers that are each checked, posted and on disk, as ratios to bare OpenSSL.

Processor times of one run, each beside a measurement of OpenSSL of its own; of two processes the time on the clock.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from sealwright.ledger import Ledger  # noqa: E402

from tests.bench.volume import Bare  # noqa: E402
from tests.host_tools.factory import NOW, Network, hash32  # noqa: E402

CHANNELS, VOUCHERS = 600, 10
ROUNDS = 5
GOALS = {"distinct_vouchers": 0.45}


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


def distinct() -> float:
    """Distinct vouchers a second, as a part of the signatures that OpenSSL alone checks."""
    trade = Trade(CHANNELS, VOUCHERS)
    bare = Bare(trade.payer.key, trade.paid[:400])
    found = []
    for _ in range(ROUNDS):
        with trade.opened() as book:
            before, began = bare.seconds(), time.process_time()
            assert sum(verdict.code == "ok" for verdict in book.settle(trade.paid)) == len(trade.paid)
            each = (time.process_time() - began) / len(trade.paid)
            found.append((before + bare.seconds()) / 2 / each)
    return statistics.median(found)


def measured() -> dict[str, float]:
    """Every row."""
    return {"distinct_vouchers": round(distinct(), 3)}


def lines(found: dict[str, float]) -> Iterable[str]:
    """For people."""
    value, goal = found["distinct_vouchers"], GOALS["distinct_vouchers"]
    met = "met" if value >= goal else "MISSED"
    yield f"distinct vouchers, checked, to disk   {value:.2f} of OpenSSL's speed; goal {goal}: {met}"


if __name__ == "__main__":
    print(*lines(measured()), sep="\n")
