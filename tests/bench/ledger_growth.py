"""Rows of `make bench`: what the ledger's commands cost at N, 2N and 4N channels; `make million` at 1,000,000 rows.

Processor time and memory of the command as a process, its start taken off. Signing and settling take most of the time.
"""

import random
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from sealwright.wire.bundle import read_bundle  # noqa: E402

from tests.bench.ledger_grown import Cost, Grown  # noqa: E402

CHANNELS, VOUCHERS = 1000, 4
START: Final = ("ledger", "equivocations")  # there are none: what remains is the start of a process
SIZES: Final = (1, 2, 4)
ROUNDS: Final = 3
LEAST_SPREAD: Final = 0.05  # seconds
MOST_AT_TWICE: Final = 2.5  # times
MOST_AT_MANY: Final = 1.5  # times
COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "audit": ("ledger", "audit"),
    "balances": ("ledger", "balances"),
    "balances_json": ("ledger", "balances", "--json"),
    "channels": ("ledger", "channels"),
    "channels_json": ("ledger", "channels", "--json"),
    "export": ("ledger", "export"),
}


def grown(folder: Path, channels: int, vouchers: int) -> tuple[Grown, dict[str, Cost]]:
    """A ledger of so many channels, and what settling cost: opens, then vouchers, each of them kept."""
    made = Grown(folder)
    opens, paid = made.bundle(channels, vouchers)
    cost = {"settle_opens": made.run("settle", opens), "settle_vouchers": made.run("settle", "--keep-all", paid)}
    opens.unlink()
    paid.unlink()
    return made, cost


def measured() -> dict[str, Any]:
    """For each command its processor seconds and MB at every size, and how many times at 2N it took that of N."""
    found: dict[str, list[Cost]] = {}
    starts: list[float] = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            made, costs = grown(Path(folder), CHANNELS * size, VOUCHERS)
            for name, words in COMMANDS.items():
                costs[name] = min(made.run(*words) for _ in range(ROUNDS))
                starts.append(made.run(*START).cpu)
        for name, cost in costs.items():
            found.setdefault(name, []).append(cost)
    start = min(starts)
    spread = statistics.median(starts) - start
    return {name: _row(costs, start, max(spread, LEAST_SPREAD)) for name, costs in found.items()}


def _row(costs: list[Cost], start: float, spread: float) -> dict[str, Any]:
    """start: seconds that any command takes. spread: seconds that two runs of one command differ by; growth within it
    is none that this bench can see."""
    cpu = [round(max(cost.cpu - start, 0.0), 3) for cost in costs]
    twice = max((cpu[1] + spread) / (cpu[0] + spread), (cpu[2] + spread) / (cpu[1] + spread))
    memory = [round(cost.memory) for cost in costs]
    return {"cpu_s": cpu, "spread_s": round(spread, 3), "memory_mb": memory, "at_twice": round(twice, 2)}


def lines(found: dict[str, Any]) -> Iterable[str]:
    """For people: each command's cost at every size, and whether it grows no faster than the ledger."""
    yield f"ledger of {CHANNELS:,}, {2 * CHANNELS:,} and {4 * CHANNELS:,} channels, {VOUCHERS} vouchers each:"
    for name, row in found.items():
        met = "met" if row["at_twice"] <= MOST_AT_TWICE else "MISSED"
        seconds = ", ".join(f"{one:.2f}" for one in row["cpu_s"])
        growth = f"twice as much takes {row['at_twice']:.1f} times (+-{row['spread_s']} s); goal {MOST_AT_TWICE}: {met}"
        yield f"  {name:<18}{seconds} s, {max(row['memory_mb'])} MB; {growth}"


LIMITS: Final = {  # what a command may take at 1,000,000 rows over 100,000 channels: seconds, MB
    "audit": (600, 300),
    "balances": (5, 150),
    "balances_json": (5, 150),
    "channels": (5, 150),
    "channels_json": (5, 150),
}


def million(channels: int = 100_000, vouchers: int = 8) -> Iterator[str]:
    """The same at 1,000,000 rows: 100,000 opens, as many fundings, 800,000 vouchers."""
    with tempfile.TemporaryDirectory() as folder:
        made, costs = grown(Path(folder), channels, vouchers)
        for name, cost in costs.items():
            yield _told(name, cost)
        for name, (seconds, memory) in LIMITS.items():
            cost = made.run(*COMMANDS[name])
            met = "met" if cost.cpu <= seconds and cost.memory <= memory else "MISSED"
            yield f"{_told(name, cost)}; goal {seconds} s, {memory} MB: {met}"


def many_channels(channels: int = 1_000_000, few: int = 1000, vouchers: int = 20_000) -> Iterator[str]:
    """What a voucher costs in a ledger of few channels and in one of many. The same number, in any order."""
    each = []
    for count in (few, channels):
        with tempfile.TemporaryDirectory() as folder:
            made = Grown(Path(folder))
            one, every = max(1, vouchers // count), max(1, count // vouchers)
            opens, paid = made.bundle(count, one, every)
            cost = made.run("settle", opens)
            yield _told(f"{count:,} opens", cost)
            messages = list(read_bundle(paid))
            random.Random(count).shuffle(messages)
            paid.write_bytes(b"".join(messages))
            cost = made.run("settle", "--keep-all", "--jobs", "1", paid)
            each.append((cost.cpu - made.run(*START).cpu) / len(messages))
            yield f"{_told(f'{len(messages):,} vouchers', cost)}, {each[-1] * 1e6:.0f} us each"
    met = "met" if each[1] <= MOST_AT_MANY * each[0] else "MISSED"
    yield f"a voucher costs {each[1] / each[0]:.2f} times as much; goal {MOST_AT_MANY}: {met}"


def _told(name: str, cost: Cost) -> str:
    return f"{name:<18}{cost.cpu:.1f} s of a processor, {cost.wall:.1f} s, {cost.memory:.0f} MB"


if __name__ == "__main__":
    named = {"million": million, "channels": many_channels}
    if sys.argv[1:2]:
        for line in named[sys.argv[1]](*map(int, sys.argv[2:])):
            print(line, flush=True)
    else:
        print(*lines(measured()), sep="\n")
