"""Rows of `make bench`: many readings proved by chain, and many vouchers newest first, as ratios to bare OpenSSL.

Each ratio is of processor times of one run, each beside a measurement of OpenSSL of its own: the median of several.
Signing what is checked takes most of the time.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from sealwright.ledger import Ledger
from sealwright.verify import Policy, Verifier
from sealwright.verify.policy import CHAINED
from sealwright.wire.messages import DecimalFraction, Record, parse_message

from tests.host_tools.factory import NOW, Network, hash32

READINGS = 20_000  # of all devices together; of 1,000 devices as many for each as `EACH` says
EACH = 100
CHANNELS, VOUCHERS = 300, 100
ROUNDS = 5
GOALS = {
    "readings_1_device": 15.0,
    "readings_10_devices": 15.0,
    "readings_1000_devices": 12.0,
    "vouchers_settled": 8.0,
}
ALGORITHM = ec.ECDSA(utils.Prehashed(hashes.SHA256()))


def records(n: int) -> tuple[Record, ...]:
    return (
        Record(base_name="solar-", name="temperature", unit="Cel", value=DecimalFraction(-2, 2150 + n % 900)),
        Record(name="pressure", unit="Pa", value=101325 + n % 500),
        Record(name="humidity", unit="%RH", value=DecimalFraction(-2, 4500 + n % 1000)),
    )


class Bare:
    """OpenSSL's own time for a signature, over signatures of these messages."""

    def __init__(self, key: Any, raws: Iterable[bytes]) -> None:
        self._key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + key.public.xy)
        signed = [parse_message(raw).sign1 for raw in raws]
        halves = [[int.from_bytes(s.signature[at : at + 32], "big") for at in (0, 32)] for s in signed]
        self._ready = [(utils.encode_dss_signature(*two), one.digest) for one, two in zip(signed, halves, strict=True)]

    def seconds(self) -> float:
        began = time.process_time()
        for signature, digest in self._ready:
            self._key.verify(signature, digest, ALGORITHM)
        return (time.process_time() - began) / len(self._ready)


def ratio(bare: Bare, measure: Callable[[], float]) -> float:
    """How many times faster than bare OpenSSL; measure: seconds for one message."""
    found = []
    for _ in range(ROUNDS):
        before, middle, after = bare.seconds(), measure(), bare.seconds()
        found.append((before + after) / 2 / middle)
    return statistics.median(found)


def readings(count: int, each: int) -> float:
    """Readings of `count` devices, `each` of every device one after the other, in one bundle."""
    network = Network()
    devices = [network.device(f"device {n}") for n in range(count)]
    logs = [[device.reading(records=records(n)).raw for n in range(each)] for device in devices]
    bundle = [raw for log in logs for raw in log]
    policy = Policy(at=NOW + 10**6, proof=CHAINED)

    def measure() -> float:
        verifier = Verifier([network.root], policy)
        assert all(verifier.check(device.certificate.raw).ok for device in devices)
        began = time.process_time()
        good = sum(verdict.ok for verdict in verifier.run(bundle))
        assert good == len(bundle)
        return (time.process_time() - began) / good

    return ratio(Bare(devices[0].key, logs[0][:400]), measure)


def vouchers() -> float:
    """Vouchers of many channels, lane by lane, settled newest first into a new ledger on disk."""
    network = Network()
    owner, payer, payee = network.owner(), network.device("payer"), network.device("payee")
    capacity = VOUCHERS * 10
    opens = [payer.open(payee, capacity, nonce=hash32(f"channel {n}")[:16]) for n in range(CHANNELS)]
    paid = [payer.voucher(one, n * 10, seq=n).raw for one in opens for n in range(1, VOUCHERS + 1)]
    before = [payer.certificate.raw, payee.certificate.raw, *(one.raw for one in opens)]
    deposit = owner.deposit(payer, capacity * CHANNELS).raw

    def measure() -> float:
        with tempfile.TemporaryDirectory() as folder:
            path, given = Path(folder) / "ledger.db", {"identity": network.ledger(), "clock": lambda: NOW}
            with Ledger(path, [network.root], [owner.key.public], **given) as book:
                assert book.deposit(deposit).ok and all(verdict.ok for verdict in book.settle(before))
                began = time.process_time()
                good = sum(verdict.ok for verdict in book.settle(paid, newest_first=True))
                assert good == len(paid)
                return (time.process_time() - began) / good

    return ratio(Bare(payer.key, paid[:400]), measure)


def measured() -> dict[str, float]:
    """Every row: how many times as fast as bare OpenSSL, on one core."""
    return {
        "readings_1_device": readings(1, READINGS),
        "readings_10_devices": readings(10, READINGS // 10),
        "readings_1000_devices": readings(1000, EACH),
        "vouchers_settled": vouchers(),
    }


def lines(found: dict[str, float]) -> Iterable[str]:
    """For people: each ratio, its goal and whether it is met."""
    names = {
        "readings_1_device": "readings by chain, 1 device",
        "readings_10_devices": "readings by chain, 10 devices",
        "readings_1000_devices": "readings by chain, 1,000 devices",
        "vouchers_settled": "vouchers newest first, to disk",
    }
    for key, value in found.items():
        met = "met" if value >= GOALS[key] else "MISSED"
        yield f"{names[key]:<34}{value:.1f} times OpenSSL; goal {GOALS[key]:.0f}: {met}"


if __name__ == "__main__":
    print(*lines(measured()), sep="\n")
