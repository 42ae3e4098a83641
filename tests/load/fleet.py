"""Devices that exist only as keys and counters: what each of them would sign, at the speed of this machine's OpenSSL.

Every message is real: certified by the home's test root, chained, signed once and by its own device. A device's key
follows from the run's seed and its number, so processes share a fleet without sharing anything else.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from sealwright.home import Home
from sealwright.wire import cbor, cose
from sealwright.wire.certificates import TEST_MODEL, issue
from sealwright.wire.keys import PrivateKey
from sealwright.wire.labels import CONTENT_TYPE, CWT_CLAIMS, DECIMAL_FRACTION_TAG, READING, SENML_CBOR, TYP
from sealwright.wire.messages import (
    Certificate,
    ChannelOpen,
    Command,
    DepositArguments,
    DevicePolicy,
    Grant,
    Limit,
    Reading,
    Voucher,
    parse_as,
    sign_message,
    write_arguments,
)
from sealwright.wire.messages.schema import write

ASSET: Final = "nEUR"
CAPACITY: Final = 10**9
LIFE: Final = 30 * 86_400  # seconds until a channel expires
QUALITY: Final = 3  # the clock is set by the network


@dataclass(slots=True)
class Machine:
    """One device. certificate: by the test root itself."""

    number: int
    key: PrivateKey
    certificate: bytes = b""
    seq: int = 0
    prev: bytes | None = None
    channel: bytes | None = None
    paid: int = 0
    vouchers: int = 0

    @property
    def id(self) -> bytes:
        """32 bytes."""
        return self.key.public.device_id


@dataclass
class Fleet:
    """A process's share of `count` devices: of `step` processes the one with the number `first`. An even device sells
    to the odd one after it, and both are in one share."""

    home: Home
    seed: str
    count: int
    first: int = 0
    step: int = 1
    machines: list[Machine] = field(default_factory=list)

    def __post_init__(self) -> None:
        home = self.home
        self.now = home.now()
        self._network = home.network_id(test=True)
        self._issuer, self._owner, self._ledger = home.key("test"), home.key("owner"), home.ledger_id
        self._chance = random.Random(f"{self.seed} {self.first}")

    def _key(self, number: int) -> PrivateKey:
        return PrivateKey.from_secret(int.from_bytes(sha256(f"{self.seed} {number}".encode()).digest(), "big") >> 1)

    def found(self) -> Iterator[Machine]:
        """Each device once it is certified."""
        for number in range(self.count):
            if number // 2 % self.step != self.first:
                continue
            made = Machine(number, self._key(number))
            made.certificate = issue(
                self._issuer,
                made.key.public,
                network=self._network,
                custody=0,
                issued_at=self.now - 60,
                model=f"{TEST_MODEL} load",
            ).raw
            self.machines.append(made)
            yield made

    def opening(self, machine: Machine) -> list[bytes]:
        """What makes a buyer of this device: its grant, its owner's deposit and the channel to its seller. Nothing for
        a seller."""
        if machine.number % 2 == 0:
            return []
        seller = self._key(machine.number - 1).public.device_id
        certificate = parse_as(machine.certificate, Certificate)
        policy = DevicePolicy({ASSET: Limit(CAPACITY, CAPACITY)}, payees=(seller,))
        grant = Grant(
            machine.id, self._random(32), (certificate,), self._owner.public, self._network, self.now - 30, policy
        )
        arguments = write_arguments(DepositArguments(ASSET, CAPACITY, self._ledger))
        deposit = Command(machine.id, 1, "deposit", arguments)
        opened = sign_message(
            machine.key,
            ChannelOpen(
                self._network,
                machine.id,
                seller,
                ASSET,
                CAPACITY,
                self.now + LIFE,
                self._random(16),
                ledger=self._ledger,
            ),
        )
        machine.channel = opened.digest
        return [sign_message(self._issuer, grant).raw, sign_message(self._owner, deposit).raw, opened.raw]

    def _random(self, size: int) -> bytes:
        return self._chance.randbytes(size)

    def reading(self, machine: Machine, at: int) -> bytes:
        """The next reading of its log. at: unix seconds."""
        machine.seq += 1
        power = cbor.Tag(DECIMAL_FRACTION_TAG, [-1, self._chance.randrange(40_000)])
        payload = cbor.encode([{-2: "solar-", 0: "power", 1: "W", 2: power}])
        body = Reading(at, machine.seq, machine.prev, QUALITY, "0.1.0", ())
        made = cose.sign(machine.key, {TYP: READING, CONTENT_TYPE: SENML_CBOR, CWT_CLAIMS: write(body)}, payload)
        machine.prev = made.digest
        return made.raw

    def voucher(self, machine: Machine) -> bytes | None:
        """The next voucher of a buyer, cumulative; None for a seller."""
        if machine.channel is None:
            return None
        machine.vouchers += 1
        machine.paid += self._chance.randrange(1, 100)
        return sign_message(machine.key, Voucher(machine.channel, 0, machine.vouchers, machine.paid)).raw
