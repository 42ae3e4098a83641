"""The scenario: a weather station sells readings to a solar meter, which sells energy to a charger second by second.

Everything is real but the hardware: MicroPython processes with flash images and I2C sensors that replay what was
measured once, the command and peer links, the bundle, the verifier, the ledger.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .. import emulator
from ..errors import Unreachable, Usage
from ..home import Home
from ..ledger import AuditReport, Ledger, LedgerIdentity, bring_funding
from ..ledger.book import Channel
from ..link import Client
from ..money import Asset, Assets
from ..operate import owner, provisioning, spending, trading
from ..operate.collecting import Collector, Source
from ..verify import Policy, Verdict, Verifier, verify_bundle
from ..wire.bundle import BundleWriter, read_bundle
from ..wire.certificates import load_roots
from ..wire.messages import Reading, parse_as

ASSET: Final = "nEUR"  # a thousand-millionth of a euro, so that a joule has a price
UNIT: Final = "EUR"
MONEY: Final = Assets([Asset.declare(ASSET, UNIT, 9)])
JOULE_PRICE: Final = 83  # 0.2988 EUR a kWh
READING_PRICE: Final = 2000
READINGS: Final = 3
ENERGY_BUDGET: Final = 100_000
ENERGY_SECONDS: Final = 10.0
DEPOSIT: Final = 1_000_000
MACHINES: Final = {"station": ["bme280"], "solar": ["ina219"], "charger": []}
POLICY: Final = {"assets": {ASSET: {"per_voucher": 20_000, "per_day": 500_000}}}
_MARK: Final = "made-by-demo"

Say = Callable[[str], None]


@dataclass
class Machine:
    """One of the three: its open command link, and what it did."""

    name: str
    board: emulator.EmulatedBoard
    client: Client
    device: bytes = b""
    source: Source | None = None
    readings: int = 0
    reading_bytes: int = 0
    last: str = ""
    sign_ms: float = 0.0
    verify_ms: float = 0.0


@dataclass
class Outcome:
    """What the scenario came to; everything a report needs."""

    home: Home
    bundle: Path
    machines: list[Machine]
    verdicts: list[Verdict] = field(default_factory=list)
    forged: Verdict | None = None
    settled: list[Verdict] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    audit: AuditReport | None = None
    verify_ms: float = 0.0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether everything held, and the forgery did not."""
        refused = self.forged is not None and not self.forged.ok
        return all(one.ok for one in self.verdicts + self.settled) and refused and bool(self.audit and self.audit.ok)


def run(folder: Path, say: Say, *, keep: bool = False) -> Outcome:
    """Play the scenario in a new home at `folder`; `say` gets each step. keep: leave the boards running.

    Raises Usage where `folder` holds something else than an earlier demo, and whatever a step raises.
    """
    began = time.monotonic()
    home = _fresh_home(folder)
    with ExitStack() as stack:
        say("Starting a weather station, a solar meter and a charger: three MicroPython processes")
        machines = [stack.enter_context(_machine(home, name, keep)) for name in MACHINES]
        outcome = Outcome(home, folder / "demo.bundle", machines)
        for machine in machines:
            say(f"Provisioning {machine.name}: it makes its key, the issuer answers with a certificate")
            found = provisioning.provision(home, machine.client, machine.name, spending.parse_policy(POLICY))
            machine.device = bytes.fromhex(found.entry.device)
        say(f"Depositing {MONEY.show(DEPOSIT, ASSET)} for the solar meter and for the charger")
        _deposit(outcome)
        _trade(home, {machine.name: machine for machine in machines}, say)
        say("Collecting what they signed into one bundle")
        _collect(outcome)
        for machine in machines:
            sign, verify = machine.client.bench(5)
            machine.sign_ms, machine.verify_ms = sign / 1000, verify / 1000
    say("Verifying the bundle offline, against the test root alone")
    _verify(outcome)
    say("Settling the vouchers, and rebuilding the ledger from its log")
    _settle(outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


def _fresh_home(folder: Path) -> Home:
    if (folder / _MARK).exists():
        for board in emulator.running(Home(folder, "demo")):
            board.kill()
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        remedy = "Name a new folder with --home; the demo replaces only what an earlier demo made."
        raise Usage(f"{folder} is not empty", remedy=remedy, code="folder_not_empty")
    home = Home.init(folder, "demo")
    home.ledger_named = str(home.folder / "ledger.db")  # its own, whatever the environment names
    (folder / _MARK).touch()
    MONEY.write(folder)
    return home


@contextmanager
def _machine(home: Home, name: str, keep: bool) -> Iterator[Machine]:
    board = emulator.create(home, "unix", name, MACHINES[name])
    try:
        board.start()
        with emulator.resolve(home, f"emulated:{name}") as client:
            yield Machine(name, board, client)
    except BaseException:
        board.kill()
        raise
    if not keep:
        board.stop()


def _trade(home: Home, machines: dict[str, Machine], say: Say) -> None:
    station, solar, charger = (machines[name].client for name in ("station", "solar", "charger"))
    for client in (station, solar):
        owner.set_interval(home, client, 2)
    owner.set_offer(home, station, ASSET, "reading", READING_PRICE)
    owner.set_offer(home, solar, ASSET, "J", JOULE_PRICE)
    say(f"The charger buys energy from the solar meter, a voucher a second, {ENERGY_SECONDS:.0f} s long")
    trading.order(home, charger, solar, ENERGY_BUDGET, pause_ms=1000)
    _fund(home, charger)
    say(f"The solar meter buys {READINGS} signed readings from the weather station")
    trading.order(home, solar, station, READINGS * READING_PRICE, pause_ms=1000)
    _fund(home, solar)
    time.sleep(ENERGY_SECONDS)
    owner.stop_trade(home, charger)
    _wait_for_close(charger)
    for progress in trading.watch(solar, 30.0):
        if progress.over:
            return
    raise Unreachable("the solar meter's purchase does not end", remedy="See console.log in the boards' folders.")


def _wait_for_close(client: Client) -> None:
    # the payee's signed close is what refunds the rest at once
    end = time.monotonic() + 10.0
    while time.monotonic() < end:
        if any("channel-close" in _types(channel.messages) for channel in client.channels()):
            return
        time.sleep(0.2)
    raise Unreachable("the charger's channel does not close", remedy="See console.log in the boards' folders.")


def _types(messages: list[bytes]) -> set[str]:
    from ..wire.messages import parse_message

    return {parse_message(raw).type for raw in messages}


def _collect(outcome: Outcome) -> None:
    collector = Collector()
    sources = [Source(machine.client, machine.name) for machine in outcome.machines]
    with BundleWriter(outcome.bundle) as bundle:
        for source in sources:
            for raw in collector.certificates(source.client):
                bundle.add(raw)
        for machine, source in zip(outcome.machines, sources, strict=True):
            for raw in collector.readings(source):
                bundle.add(raw)
                machine.readings += 1
                machine.reading_bytes += len(raw)
                machine.last = _values(parse_as(raw, Reading).body)
        for raw in collector.channels(sources):
            bundle.add(raw)


def _values(body: Reading) -> str:
    from ..wire.messages import to_decimal

    return ", ".join(f"{to_decimal(one.value)} {one.unit}" for one in body.records if one.value is not None)


def _verify(outcome: Outcome) -> None:
    roots = load_roots(outcome.home.folder / "test-root.pem")
    policy = Policy(allow_test=True)
    began = time.perf_counter()
    outcome.verdicts = sorted(verify_bundle(outcome.bundle, roots, policy), key=lambda verdict: verdict.n)
    outcome.verify_ms = (time.perf_counter() - began) * 1000
    # one bit of a voucher's signature, and it is nobody's any more
    checker = Verifier(roots, policy)
    for verdict, raw in zip(outcome.verdicts, read_bundle(outcome.bundle), strict=True):
        if verdict.type == "voucher":
            outcome.forged = checker.check(raw[:-1] + bytes((raw[-1] ^ 1,)))
            return
        checker.check(raw)


def _ledger(home: Home) -> Ledger:
    identity = LedgerIdentity(home.ledger_certificates(), home.key("ledger"))
    return Ledger(home.ledger_path, home.roots(), [home.key("owner").public], identity=identity, allow_test=True)


def _deposit(outcome: Outcome) -> None:
    with _ledger(outcome.home) as ledger:
        for machine in outcome.machines:
            if machine.name != "station":
                ledger.deposit(owner.deposit(outcome.home, machine.device, ASSET, DEPOSIT).raw)


def _fund(home: Home, payer: Client) -> None:
    """Wait until the payer has opened its channel, and bring it the ledger's word that the capacity is locked."""
    with _ledger(home) as ledger:
        for progress in trading.watch(payer, 30.0):
            if progress.state == trading.WAITING and any(bring_funding(ledger, payer)):
                return
    raise Unreachable("a channel does not open", remedy="See console.log in the boards' folders.")


def _settle(outcome: Outcome) -> None:
    home = outcome.home
    with _ledger(home) as ledger:
        outcome.settled = list(ledger.settle(read_bundle(outcome.bundle)))
        outcome.channels = ledger.channels()
        outcome.audit = ledger.audit()
