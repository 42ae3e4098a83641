"""Rows of `make bench`: what `verify` takes for N, 2N and 4N of readings, vouchers, lanes and channels, in time and
memory.

Each bundle is read from a file by a process of its own. Twice the input is to take less than 2.5 times the processor
time; readings and vouchers are to take no memory, whatever their number: what is kept is of devices and lanes.
`python -m tests.bench.growth check BUNDLE ROOT PROOF` measures one bundle.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from sealwright.verify import Policy, Verifier
from sealwright.verify.policy import CHAINED, EACH
from sealwright.wire.armour import to_pem
from sealwright.wire.bundle import read_bundle
from sealwright.wire.certificates import load_roots

from tests.bench.volume import records
from tests.host_tools.factory import DAY, NOW, Network, hash32

ROOT = Path(__file__).resolve().parents[2]
TIMES = 2.5
BYTES_EACH = 8.0  # of memory, for one more reading or voucher: extents on the shelf, and noise


def readings(network: Network, count: int) -> Iterator[bytes]:
    """A log of so many readings."""
    device = network.device("meter")
    yield device.certificate.raw
    for n in range(count):
        yield device.reading(records=records(n)).raw


def vouchers(network: Network, count: int) -> Iterator[bytes]:
    """So many vouchers of one lane."""
    payer, payee = network.device("payer"), network.device("payee")
    channel = payer.open(payee, 10**6)
    yield from (payer.certificate.raw, payee.certificate.raw, channel.raw)
    yield from (payer.voucher(channel, seq, seq=seq).raw for seq in range(1, count + 1))


def lanes(network: Network, count: int) -> Iterator[bytes]:
    """So many lanes of two vouchers each, 50 in a channel."""
    yield from channels(network, count // 50, 50)


def channels(network: Network, count: int, each: int = 1) -> Iterator[bytes]:
    """So many channels, of so many lanes each."""
    payer, payee = network.device("payer"), network.device("payee")
    yield from (payer.certificate.raw, payee.certificate.raw)
    for n in range(count):
        channel = payer.open(payee, 10**6, nonce=hash32(f"channel {n}")[:16])
        yield channel.raw
        for lane in range(each):
            yield from (payer.voucher(channel, seq, seq=seq, lane=lane).raw for seq in (1, 2))


def check(bundle: str, root: str, proof: str) -> dict[str, float]:
    """Processor seconds, and bytes of memory beyond those at the start, of checking one bundle."""
    verifier = Verifier(load_roots(root), Policy(at=NOW + DAY, proof=proof))
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    bad = Counter(verdict.code for verdict in verifier.run(read_bundle(bundle)) if not verdict.ok)
    assert not bad, bad
    seconds = time.process_time() - began
    return {"seconds": seconds, "bytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024}


def measure(folder: Path, messages: Iterable[bytes], proof: str) -> dict[str, float]:
    """The same of these messages, in a process of its own: the median of three in time."""
    bundle, root = folder / "some.bundle", folder / "root.pem"
    with bundle.open("wb") as file:
        file.writelines(messages)
    root.write_bytes(to_pem(Network().root))
    arguments = [sys.executable, "-m", "tests.bench.growth", "check", str(bundle), str(root), proof]
    runs = [json.loads(subprocess.run(arguments, cwd=ROOT, check=True, capture_output=True).stdout) for _ in range(3)]
    return {"seconds": statistics.median(run["seconds"] for run in runs), "bytes": min(run["bytes"] for run in runs)}


KINDS = {  # what it is, of how many, by which proof
    "readings_each": (readings, 1_500, EACH),
    "readings_chained": (readings, 8_000, CHAINED),
    "vouchers": (vouchers, 1_500, EACH),
    "lanes": (lanes, 500, EACH),
    "channels": (channels, 300, EACH),
}


def measured() -> dict[str, dict[str, float]]:
    """For each kind: N, how many times N takes 2N and 4N, and the bytes of memory for one more of the kind."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, count, proof) in KINDS.items():
            one, two, four = (measure(Path(folder), make(Network(), count * by), proof) for by in (1, 2, 4))
            found[name] = {
                "n": count,
                "time_2n": two["seconds"] / one["seconds"],
                "time_4n": four["seconds"] / one["seconds"],
                "bytes_each": (four["bytes"] - two["bytes"]) / (2 * count),
            }
    return found


def lines(found: dict[str, dict[str, float]]) -> Iterable[str]:
    """For people: each kind, and whether its goals are met."""
    for name, row in found.items():
        most = BYTES_EACH if name.startswith(("readings", "vouchers")) else None
        met = row["time_2n"] < TIMES and row["time_4n"] < TIMES**2 and (most is None or row["bytes_each"] <= most)
        memory = f"{row['bytes_each']:.0f} bytes for one more{f', goal {most:g}' if most else ''}"
        yield (
            f"verify of {name.replace('_', ', '):<24}{row['time_2n']:.2f} times as long for 2N, {row['time_4n']:.2f} "
            f"for 4N (N {row['n']:,.0f}), goal {TIMES}; {memory}: {'met' if met else 'MISSED'}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        print(json.dumps(check(*sys.argv[2:])))
    else:
        print(*lines(measured()), sep="\n")
