"""`make bench`: sizes and speeds, printed and written to build/bench.json.

Absolute times depend on the machine; the ratios within one run do not. Every figure is the median of several rounds.
"""

import itertools
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from cryptography.hazmat.primitives import hashes  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: E402
from sealwright import emulator  # noqa: E402
from sealwright.home import Home  # noqa: E402
from sealwright.ledger import Ledger  # noqa: E402
from sealwright.operate import provisioning  # noqa: E402
from sealwright.verify import Policy, Verifier  # noqa: E402

from tests.bench import growth, ledger_growth, ledger_settling, ledger_shards, readings_day, volume  # noqa: E402
from tests.host_tools.factory import NOW, Network  # noqa: E402

MESSAGES = 800  # a round
ROUNDS = 5


def median(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    return statistics.median(measure() for _ in range(rounds))


def device(folder: Path) -> dict[str, Any]:
    """Sizes of what a device signs, and what signing costs it under unix MicroPython."""
    home = Home.init(folder / "home", "bench")
    board = emulator.create(home, "unix", "bench", ["bme280"])
    try:
        board.start()
        with emulator.resolve(home, "emulated:bench") as client:
            provisioning.provision(home, client, "bench")
            rounds = [client.bench(10) for _ in range(ROUNDS)]
            while not (readings := list(client.readings(0))):
                time.sleep(0.1)
            engine = client.info().raw["engine"]
    finally:
        board.kill()
    return {
        "engine": engine,
        "sign_ms": statistics.median(sign for sign, _ in rounds) / 1000,
        "verify_ms": statistics.median(verify for _, verify in rounds) / 1000,
        "reading_bytes": len(readings[0]),
    }


def apart(measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `measure` finds in a process of its own: a command that this one starts has at least its memory."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        return alone.submit(measure).result()


def vouchers() -> tuple[Network, list[bytes], Iterator[list[bytes]]]:
    """A network, the messages that come first, and batches of vouchers of one channel.

    Every round takes a batch of its own: the verifier keeps the outcomes of signatures it has seen.
    """
    network = Network()
    payer, payee = network.device("payer"), network.device("payee")
    channel = payer.open(payee, capacity=MESSAGES * ROUNDS * 40)
    first = [payer.certificate.raw, payee.certificate.raw, channel.raw]
    numbers = itertools.count(1)

    def batches() -> Iterator[list[bytes]]:
        while True:
            yield [payer.voucher(channel, n * 10, seq=n).raw for n in itertools.islice(numbers, MESSAGES)]

    return network, first, batches()


def host(network: Network, first: list[bytes], batches: Iterator[list[bytes]]) -> dict[str, Any]:
    """Verifications a second: the whole verifier beside bare OpenSSL, in turn, in the same run."""
    from sealwright.wire.messages import parse_message

    messages = [parse_message(raw) for raw in next(batches)]
    public = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), b"\x04" + network.device("payer").key.public.xy
    )
    ready = []
    for message in messages:
        r, s = (int.from_bytes(half, "big") for half in (message.sign1.signature[:32], message.sign1.signature[32:]))
        ready.append((utils.encode_dss_signature(r, s), message.digest))
    algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))

    def bare() -> float:
        began = time.perf_counter()
        for signature, digest in ready:
            public.verify(signature, digest, algorithm)
        return len(ready) / (time.perf_counter() - began)

    def whole() -> float:
        verifier = Verifier([network.root], Policy(at=NOW))
        for raw in first:
            verifier.check(raw)
        many = next(batches)
        began = time.perf_counter()
        good = sum(verifier.check(raw).ok for raw in many)
        assert good == len(many)
        return len(many) / (time.perf_counter() - began)

    openssl, verifier = median(bare), median(whole)
    return {"openssl_per_s": openssl, "verifier_per_s": verifier, "ratio": verifier / openssl}


def ledger(folder: Path, network: Network, first: list[bytes], batches: Iterator[list[bytes]]) -> dict[str, Any]:
    """Vouchers settled a second into a new ledger on disk, checks and all."""
    owner = network.owner("owner")
    deposit = owner.deposit(network.device("payer"), MESSAGES * ROUNDS * 40)
    counter = iter(range(ROUNDS))

    def settle() -> float:
        path = folder / f"ledger-{next(counter)}.db"
        with Ledger(path, [network.root], [owner.key.public], identity=network.ledger(), clock=lambda: NOW) as book:
            assert book.deposit(deposit.raw).ok
            assert all(one.ok for one in book.settle(first))
            many = next(batches)
            began = time.perf_counter()
            assert all(one.ok for one in book.settle(many))
            return len(many) / (time.perf_counter() - began)

    return {"vouchers_per_s": median(settle)}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        network, first, batches = vouchers()
        figures = {"device": device(Path(name)), "host": host(network, first, batches)}
        figures["device"]["voucher_bytes"] = len(next(batches)[-1])
        figures["ledger"] = ledger(Path(name), network, first, batches)
    figures["ledger"]["ratio_to_openssl"] = figures["ledger"]["vouchers_per_s"] / figures["host"]["openssl_per_s"]
    figures["volume"] = {**volume.measured(), "goals": volume.GOALS}
    figures["growth"] = growth.measured()
    figures["readings_day"] = {**readings_day.measured(), "goals": readings_day.GOALS}
    figures["ledger_settling"] = ledger_settling.measured()
    figures["ledger_shards"] = ledger_shards.measured()
    figures["ledger_growth"] = apart(ledger_growth.measured)
    out = ROOT / "build" / "bench.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(figures, indent=1) + "\n")
    board, checks, book = figures["device"], figures["host"], figures["ledger"]
    print(f"a signed reading (3 quantities)   {board['reading_bytes']} bytes")
    print(f"a voucher                         {board['voucher_bytes']} bytes")
    print(
        f"unix MicroPython, {board['engine']:<14}  sign {board['sign_ms']:.1f} ms, verify {board['verify_ms']:.1f} ms"
    )
    print(f"host, bare OpenSSL                {checks['openssl_per_s']:.0f} verifications a second")
    print(f"host, the whole verifier          {checks['verifier_per_s']:.0f} a second, {checks['ratio']:.2f} of that")
    ratio = f"{book['ratio_to_openssl']:.2f} of that"
    print(f"ledger, checked and settled       {book['vouchers_per_s']:.0f} vouchers a second, {ratio}")
    print(*volume.lines({name: figures["volume"][name] for name in volume.GOALS}), sep="\n")
    print(*growth.lines(figures["growth"]), sep="\n")
    print(*readings_day.lines(figures["readings_day"]), sep="\n")
    print(*ledger_settling.lines(figures["ledger_settling"]), sep="\n")
    print(*ledger_shards.lines(figures["ledger_shards"]), sep="\n")
    print(*ledger_growth.lines(figures["ledger_growth"]), sep="\n")
    print(f"written to {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
