"""Large ledgers of real messages: signed by worker processes, settled by the command as anybody would.

Limits: every message is in memory of a worker once; the bundle is on disk.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sealwright.home import Home
from sealwright.wire.certificates import issue
from sealwright.wire.keys import PrivateKey
from sealwright.wire.messages import ChannelOpen, Command, DepositArguments, Voucher, sign_message, write_arguments

PAYERS = 50
EACH = 250  # channels that a worker signs for at a time
DAY = 86_400
ASSET = "nEUR"


class Cost(NamedTuple):
    """What a process took: processor time in seconds, the most memory it had in MB, and seconds from start to end."""

    cpu: float
    memory: float
    wall: float


class Part(NamedTuple):
    """What a worker signs: channel-opens from number `first` on, and in each `every`-th of them so many vouchers."""

    network: bytes
    ledger: bytes
    expires: int
    first: int
    channels: int
    vouchers: int
    every: int


def device(n: int) -> PrivateKey:
    """The n-th device; the first of them pay, one after the other, and the one after a payer is its payee."""
    return PrivateKey.from_secret(int.from_bytes(sha256(f"grown {n}".encode()).digest(), "big") >> 1)


def sign(part: Part) -> tuple[list[bytes], list[bytes]]:
    """The channel-opens of a part, and its vouchers."""
    opens, paid = [], []
    for n in range(part.first, part.first + part.channels):
        payer, payee = device(n % PAYERS), device((n + 1) % PAYERS)
        nonce = sha256(n.to_bytes(8, "big")).digest()[:16]
        agreed = (part.network, payer.public.device_id, payee.public.device_id, ASSET, 10 * part.vouchers)
        opened = sign_message(payer, ChannelOpen(*agreed, part.expires, nonce, ledger=part.ledger))
        opens.append(opened.raw)
        numbers = range(1, part.vouchers + 1) if n % part.every == 0 else ()
        paid += [sign_message(payer, Voucher(opened.digest, 0, k, 10 * k)).raw for k in numbers]
    return opens, paid


class Grown:
    """A home in `folder`, and bundles for its ledger."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._seq = folder, 0
        self._home = folder / "home"
        self.run("init", "--network", "grown")
        self.home = Home.open(self._home)
        self.run("asset", "add", ASSET)

    def bundle(self, channels: int, vouchers: int, every: int = 1) -> tuple[Path, Path]:
        """Two files: what opens so many channels, and in each `every`-th of them so many vouchers."""
        opens, paid = self._folder / "opens", self._folder / "vouchers"
        with opens.open("wb") as one, paid.open("wb") as two:
            one.writelines(self._certificates())
            one.writelines(self._deposits(channels * vouchers * 10))
            for some_opens, some_paid in self._signed(channels, vouchers, every):
                one.writelines(some_opens)
                two.writelines(some_paid)
        return opens, paid

    def _certificates(self) -> Iterator[bytes]:
        key, network, at = self.home.key("issuer"), self.home.network_id(), self.home.now() - DAY
        for n in range(PAYERS):
            public = device(n).public
            fixed = {"custody": 2, "issued_at": at, "model": "grown", "id": public.device_id[:16]}
            yield issue(key, public, network=network, **fixed).raw

    def _deposits(self, amount: int) -> Iterator[bytes]:
        owner, ledger = self.home.key("owner"), self.home.ledger_id
        for n in range(PAYERS):
            self._seq += 1
            arguments = write_arguments(DepositArguments(ASSET, amount, ledger))
            yield sign_message(owner, Command(device(n).public.device_id, self._seq, "deposit", arguments)).raw

    def _signed(self, channels: int, vouchers: int, every: int) -> Iterator[tuple[list[bytes], list[bytes]]]:
        given = (self.home.network_id(), self.home.ledger_id, self.home.now() + 30 * DAY)
        parts = [Part(*given, at, min(EACH, channels - at), vouchers, every) for at in range(0, channels, EACH)]
        with ProcessPoolExecutor(os.cpu_count()) as workers:
            yield from workers.map(sign, parts)

    def run(self, *words: str | Path) -> Cost:
        """Run the command in this home. Raises RuntimeError where it fails."""
        line = [sys.executable, "-m", "sealwright", *map(str, words)]
        where = {**os.environ, "SEALWRIGHT_HOME": str(self._home)}
        began = time.perf_counter()
        with subprocess.Popen(line, env=where, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            stderr = process.stderr.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{line} ended with {process.returncode}: {stderr.decode()}")
        return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / _PER_MB, time.perf_counter() - began)


_PER_MB = 2**20 if sys.platform == "darwin" else 2**10  # of what getrusage counts memory in
