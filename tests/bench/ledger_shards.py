"""Settlers side by side on shards of a PostgreSQL ledger, beside one settler on one log, and beside SQLite.

Ratios within this run. `wall` is by the clock, and says little where the machine has other work. `work` is processor
time of a settler and of the server's process that works for it, of two settlers of the one that takes longer: what it
comes to where two cores are free, since the two wait for nothing of each other's. The server does without fsync.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from sealwright.ledger import Ledger  # noqa: E402
from sealwright.ledger.store.postgres.engine import PostgresDatabase  # noqa: E402

from tests.bench.ledger_settling import Trade  # noqa: E402
from tests.host_tools.factory import NOW  # noqa: E402
from tests.host_tools.ledger.processes import Child  # noqa: E402
from tests.host_tools.postgres import own_server  # noqa: E402

CHANNELS, VOUCHERS, ROUNDS = 600, 10, 3
GOALS: Final = {"two_shards_work": 1.6, "two_shards_of_sqlite_work": 0.6}
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def opened(trade: Trade, place: str | Path) -> Ledger:
    """The ledger at a place."""
    identity, owners = trade.network.ledger(), [trade.owner.key.public]
    return Ledger(place, [trade.network.root], owners, identity=identity, clock=lambda: NOW, patience=600)


def made(trade: Trade, place: str | Path, shards: int) -> None:
    """A ledger with the channels, in so many shards."""
    with opened(trade, place) as ledger:
        assert shards == 1 or ledger.divide(shards)
        assert ledger.deposit(trade.deposit).ok
        assert all(verdict.ok for verdict in ledger.settle(trade.before))


def settling(trade: Trade, place: str | Path, owned: list[int] | None) -> Callable[[Callable[[object], None]], None]:
    """Work for a child: it tells when it began and ended, how much work it was and how many vouchers it took."""

    def work(tell: Callable[[object], None]) -> None:
        with opened(trade, place) as ledger:
            list(ledger.settle([], shards=owned))  # connects
            database = ledger._database()
            pid = database._connection.info.backend_pid if isinstance(database, PostgresDatabase) else None
            tell("ready")
            began, used = time.monotonic(), time.process_time() + _used(pid)
            count = sum(verdict.code == "ok" for verdict in ledger.settle(trade.paid, shards=owned))
            tell((began, time.monotonic(), time.process_time() + _used(pid) - used, count))

    return work


def _used(pid: int | None) -> float:
    """Seconds of processor time of a process of the server."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def run(trade: Trade, place: str | Path, owned: Sequence[list[int] | None]) -> tuple[float, float]:
    """Seconds by the clock, and the work of the settler that had most, until all vouchers are settled."""
    children = [Child(settling(trade, place, one)) for one in owned]
    found = []
    for child in children:
        (*_, last), status = child.wait()
        assert status == 0
        found.append(last)
    assert sum(count for *_, count in found) == len(trade.paid)
    return max(end for _, end, *_ in found) - min(begin for begin, *_ in found), max(work for *_, work, _ in found)


def measured() -> dict[str, float]:
    """How many times as fast as one settler on one log of PostgreSQL, and two shards as one settler on SQLite; nothing
    where there is no server."""
    try:
        server = own_server()
    except pytest.skip.Exception:
        return {}
    trade, rows = Trade(CHANNELS, VOUCHERS), []
    for _ in range(ROUNDS):
        times = []
        for shards, owned in ((1, [None]), (2, [[0], [1]]), (2, [None])):
            url = server.database()
            made(trade, url, shards)
            times.append(run(trade, url, owned))
            server.drop(url)
        with tempfile.TemporaryDirectory() as folder:
            made(trade, Path(folder) / "ledger.db", 1)
            times.append(run(trade, Path(folder) / "ledger.db", [None]))
        one, two, _, sqlite = times
        rows.append([one[kind] / each[kind] for each in times[1:] for kind in (0, 1)])
        rows[-1] += [sqlite[kind] / two[kind] for kind in (0, 1)]
    measures = ("two_shards", "both_shards_by_one", "sqlite", "two_shards_of_sqlite")
    names = [f"{name}_{kind}" for name in measures for kind in ("wall", "work")]
    return {
        name: round(statistics.median(column), 2) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }


def lines(found: dict[str, float]) -> Iterable[str]:
    """For people."""
    if not found:
        yield "no PostgreSQL: shards were not measured"
        return
    load = f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores"
    yield f"{load}; times as fast as one settler on one log, or on SQLite:"
    for name, ratio in found.items():
        wanted = GOALS.get(name)
        goal = "" if wanted is None else f"; goal {wanted}: {'met' if ratio >= wanted else 'MISSED'}"
        yield f"{name:<28}{ratio:.2f}{goal}"


if __name__ == "__main__":
    print(*lines(measured()), sep="\n")
