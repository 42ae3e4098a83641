"""Rows of `make bench`: many readings proved by chain, and many vouchers newest first, as ratios to bare OpenSSL.

Each ratio is of processor times of one run, each beside a measurement of OpenSSL of its own: the median of several.
Signing what is checked takes most of the time.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from sealwright.ledger import Ledger
from sealwright.ledger.newest import divide, next_round
from sealwright.verify import Policy, Verifier
from sealwright.verify.bulk import without_cycles
from sealwright.verify.channels import terms_of
from sealwright.verify.memory import Lane, Terms
from sealwright.verify.policy import CHAINED
from sealwright.verify.policy import EACH as EACH_PROOF
from sealwright.wire.keys import public
from sealwright.wire.messages import DecimalFraction, Record, parse_message
from sealwright.wire.messages.plain import lane_in, number_in

from tests.host_tools.factory import NOW, Network, hash32

READINGS = 20_000  # of all devices together; of 1,000 devices as many for each as `EACH` says
EACH = 100
SIGNED = 3_000  # messages of which each has its signature checked
CHANNELS, VOUCHERS = 300, 100
ROUNDS = 5
ROWS = {  # what it says, and how many times as fast as bare OpenSSL it is to be
    "readings_1_device": ("readings by chain, 1 device", 15.0),
    "readings_10_devices": ("readings by chain, 10 devices", 15.0),
    "readings_1000_devices": ("readings by chain, 1,000 devices", 12.0),
    "readings_interleaved": ("readings by chain, 300 in turn", 12.0),
    "readings_each": ("readings, each signature", 0.85),
    "vouchers_each": ("vouchers, each signature", 0.85),
    "vouchers_checked": ("vouchers newest first, checked", 20.0),
    "vouchers_settled": ("vouchers newest first, to disk", 8.0),
}
GOALS = {name: goal for name, (_, goal) in ROWS.items()}
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
        public._verify.cache_clear()  # every round checks the same signatures
        before, middle, after = bare.seconds(), measure(), bare.seconds()
        found.append((before + after) / 2 / middle)
    return statistics.median(found)


def readings(count: int, each: int, *, in_turn: bool = False, proof: str = CHAINED) -> float:
    """Readings of `count` devices, `each` of every device one after the other, or of all in turn, in one bundle."""
    network = Network()
    devices = [network.device(f"device {n}") for n in range(count)]
    logs = [[device.reading(records=records(n)).raw for n in range(each)] for device in devices]
    bundle = [raw for log in (zip(*logs, strict=True) if in_turn else logs) for raw in log]
    policy = Policy(at=NOW + 10**6, proof=proof)

    def measure() -> float:
        verifier = Verifier([network.root], policy)
        assert all(verifier.check(device.certificate.raw).ok for device in devices)
        began = time.process_time()
        good = sum(verdict.ok for verdict in verifier.run(bundle))
        assert good == len(bundle)
        return (time.process_time() - began) / good

    return ratio(Bare(devices[0].key, logs[0][:400]), measure)


def vouchers_each() -> float:
    """Vouchers of one lane, each of which raises it."""
    network = Network()
    payer, payee = network.device("payer"), network.device("payee")
    channel = payer.open(payee, SIGNED * 10)
    raws = [payer.voucher(channel, n * 10, seq=n).raw for n in range(1, SIGNED + 1)]

    def measure() -> float:
        verifier = Verifier([network.root], Policy(at=NOW))
        assert all(verifier.check(one.raw).ok for one in (payer.certificate, payee.certificate, channel))
        began = time.process_time()
        assert all(verdict.ok for verdict in verifier.run(raws))
        return (time.process_time() - began) / len(raws)

    return ratio(Bare(payer.key, raws[:400]), measure)


class Held:
    """A ledger's tables with the best voucher of every lane in them, and nothing behind them."""

    def __init__(self, terms: Terms, best: dict[bytes, Lane]) -> None:
        self._terms, self._best = terms, best

    def channel(self, digest: bytes) -> Any:
        return SimpleNamespace(terms=self._terms)

    def lane(self, channel: bytes, number: int) -> Lane:
        return self._best[channel]

    def numbers(self, channel: bytes, number: int) -> dict[int, bytes]:
        return {self._best[channel].seq: self._best[channel].voucher}


def vouchers_checked() -> float:
    """Vouchers of many channels, lane by lane: the best one's signature, and verdicts on the others; no ledger."""
    network = Network()
    payer, payee = network.device("payer"), network.device("payee")
    opens = [payer.open(payee, VOUCHERS * 10, nonce=hash32(f"channel {n}")[:16]) for n in range(CHANNELS)]
    paid = [payer.voucher(one, n * 10, seq=n).raw for one in opens for n in range(1, VOUCHERS + 1)]
    terms = terms_of(opens[0].body, opens[0].digest, least_window=0)

    def measure() -> float:
        began = time.process_time()
        with without_cycles():
            rest, lanes = divide(list(enumerate(paid)))
            held = Held(terms, {})
            found = 0
            for lane in lanes:
                _, raw, place, seq, amount, digest = lane[0]
                channel, _ = lane_in(place)
                assert payer.key.public.verify_once(digest, raw[-64:])
                held._best[channel] = Lane(number_in(seq), number_in(amount), digest)
                found += 1 + len(next_round(lane[1:], held, NOW, 1).superseded)
        assert not rest and found == len(paid)
        return (time.process_time() - began) / found

    return ratio(Bare(payer.key, paid[:400]), measure)


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
        "readings_interleaved": readings(300, EACH, in_turn=True),
        "readings_each": readings(10, SIGNED // 10, proof=EACH_PROOF),
        "vouchers_each": vouchers_each(),
        "vouchers_checked": vouchers_checked(),
        "vouchers_settled": vouchers(),
    }


def lines(found: dict[str, float]) -> Iterable[str]:
    """For people: each ratio, its goal and whether it is met."""
    for key, value in found.items():
        name, goal = ROWS[key]
        yield f"{name:<34}{value:.2f} times OpenSSL; goal {goal:g}: {'met' if value >= goal else 'MISSED'}"


if __name__ == "__main__":
    print(*lines(measured()), sep="\n")
