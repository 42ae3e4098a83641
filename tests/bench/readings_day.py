"""Rows of `make bench`: a day of readings in the store, one a minute: taken, drawn, summed, exported and proved again.

By default of few devices; `make readings-day` has it of 1,000, which are 1.44 million readings. A plot and a proof cost
the same in both; a sum and the export go by the number of readings, and are also said for as many as a day of 1,000.
The goals are for that day. The disk's speed is that of writing as many bytes as the export has, and waiting for them.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pool
from pathlib import Path
from typing import Any, Final

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from sealwright.readings import Question, ReadingStore  # noqa: E402
from sealwright.readings.drawing import Panel, in_terminal  # noqa: E402
from sealwright.readings.intake import taking  # noqa: E402
from sealwright.readings.parquet import write_parquet  # noqa: E402
from sealwright.readings.proof import prove  # noqa: E402
from sealwright.readings.svg import svg  # noqa: E402
from sealwright.verify import Policy, Verifier  # noqa: E402
from sealwright.verify.policy import CHAINED  # noqa: E402
from sealwright.wire import cbor, cose  # noqa: E402
from sealwright.wire.labels import (  # noqa: E402
    CLOCK_NETWORK,
    CONTENT_TYPE,
    CWT_CLAIMS,
    DECIMAL_FRACTION_TAG,
    READING,
    SENML_CBOR,
    TYP,
)
from sealwright.wire.messages import Reading  # noqa: E402
from sealwright.wire.messages.schema import write  # noqa: E402

from tests.host_tools.factory import NOW, Network  # noqa: E402

DEVICES: Final = 10
MANY: Final = 1000
MINUTES: Final = 1440
ROUNDS: Final = 5
POLICY: Final = Policy(at=NOW + 10**6, proof=CHAINED)
GOALS: Final = {"plot_ms": 200, "sum_s_at_1000_devices": 2.0}


def log_of(n: int) -> tuple[bytes, list[bytes]]:
    """A device's certificate, and its readings of a day. Built without being read again: signing takes a third."""
    device, draw = Network().device(f"meter {n}"), random.Random(n)
    raws, prev = [], None
    for minute in range(MINUTES):
        value = cbor.Tag(DECIMAL_FRACTION_TAG, [-1, draw.randrange(40_000)])
        payload = cbor.encode([{-2: "solar-", 0: "power", 1: "W", 2: value}])
        body = Reading(NOW + 60 * minute, minute + 1, prev, CLOCK_NETWORK, "0.1.0", ())
        header = {TYP: READING, CONTENT_TYPE: SENML_CBOR, CWT_CLAIMS: write(body)}
        made = cose.sign(device.key, header, payload)
        raws.append(made.raw)
        prev = made.digest
    return device.certificate.raw, raws


def bundle(devices: int) -> Iterator[bytes]:
    """Their logs, as a collection of every hour has them: by turns, 60 readings of each."""
    with Pool() as pool:
        logs = pool.map(log_of, range(devices), chunksize=4)
    yield from (certificate for certificate, _ in logs)
    for start in range(0, MINUTES, 60):
        for _, raws in logs:
            yield from raws[start : start + 60]


def seconds(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """The median of several times."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def measured(devices: int = DEVICES) -> dict[str, float]:
    """Every figure. plot_ms: opening the store, reading a device's day and drawing it in a terminal and as SVG."""
    with tempfile.TemporaryDirectory() as name:
        path, raws = Path(name) / "readings.db", list(bundle(devices))
        began = time.perf_counter()
        with ReadingStore(path) as store, taking(store) as intake:
            for verdict in Verifier([Network().root], POLICY).run(raws):
                assert verdict.ok and intake.add(verdict)
        took, count = time.perf_counter() - began, devices * MINUTES
        assert intake.counts == {"new": count, "values": count}
        with ReadingStore(path) as store:
            assert store.count() == count
            series = store.series()
            summed = seconds(lambda: list(store.sums()))
            digests = {row.seq: row.digest for row in store.rows(Question(devices=frozenset({series[-1].device})))}
            proofs = [seconds(lambda: _prove(store, digest), 1) for digest in random.sample(list(digests.values()), 20)]
            export, wrote, size = _export(store, Path(name))
        return {
            "readings": count,
            "import_per_s": count / took,
            "bytes_per_reading": path.stat().st_size / count,
            "plot_ms": seconds(lambda: _plot(path)) * 1000,
            "sum_s": summed,
            "sum_s_at_1000_devices": summed * MANY / devices,
            "export_rows_per_s": count / export,
            "export_mb_per_s": size / 1e6 / export,
            "disk_mb_per_s": size / 1e6 / wrote,
            "prove_ms": statistics.median(proofs) * 1000,
        }


def _plot(path: Path) -> None:
    with ReadingStore(path) as store:
        series = store.series()[0]
        panel = Panel("meter", series.unit, store.points(series)[0])
    assert len(panel.points) == MINUTES
    assert "".join(in_terminal(panel, 120, 12)) and svg([panel])


def _prove(store: ReadingStore, digest: bytes) -> None:
    (found,) = store.named(digest)
    assert prove(found, store, [Network().root], Policy(at=NOW + 10**6)).verdict.ok


def _export(store: ReadingStore, folder: Path) -> tuple[float, float, int]:
    """Seconds of the export, seconds of writing as many bytes, and how many these are."""
    path = folder / "all.parquet"
    with (folder / "first").open("wb") as out:  # what it takes to import pyarrow is no matter of the disk
        write_parquet(out, (), {})

    def write() -> None:
        with path.open("wb") as out:
            write_parquet(out, store.stretches(), {})
            os.fsync(out.fileno())

    export = seconds(write, 1)
    data = path.read_bytes()

    def plain() -> None:
        with (folder / "plain").open("wb") as out:
            out.write(data)
            os.fsync(out.fileno())

    return export, seconds(plain), len(data)


def lines(found: dict[str, float]) -> Iterable[str]:
    """For people."""
    yield f"readings kept                     {found['readings']:,.0f}, {found['bytes_per_reading']:.0f} bytes each"
    yield f"readings checked and kept         {found['import_per_s']:,.0f} a second"
    yield f"a plot of a device's day          {found['plot_ms']:.0f} ms; {_goal(found, 'plot_ms')}"
    at_many = found["sum_s_at_1000_devices"]
    yield f"a sum over a day of 1,000 devices {at_many:.2f} s; {_goal(found, 'sum_s_at_1000_devices')}"
    speed = f"{found['export_mb_per_s']:.1f} MB/s, the disk {found['disk_mb_per_s']:.0f}"
    yield f"export to Parquet                 {found['export_rows_per_s']:,.0f} rows a second, {speed}"
    yield f"a row proved again                {found['prove_ms']:.1f} ms"


def _goal(found: dict[str, float], name: str) -> str:
    return f"goal {GOALS[name]:g}: {'met' if found[name] <= GOALS[name] else 'MISSED'}"


if __name__ == "__main__":
    print(*lines(measured(int(sys.argv[1]) if sys.argv[1:] else DEVICES)), sep="\n")
