"""One device buys energy from another; a ledger settles what it owes. Both are emulated boards.

python buy_and_settle.py FOLDER       a new folder, for the home, the boards and day.bundle
"""

import sys
from pathlib import Path

from sealwright import BundleWriter, SealwrightError, emulator, read_bundle
from sealwright.home import Home
from sealwright.ledger import Ledger, LedgerIdentity, bring_funding
from sealwright.link import Client
from sealwright.operate import owner, provisioning, spending, trading
from sealwright.operate.collecting import Collector, Source

ASSET = "nEUR"
MAY_SPEND = spending.parse_policy({"assets": {ASSET: {"per_voucher": 5_000, "per_day": 100_000}}})


def main(folder: Path) -> int:
    home = Home.init(folder / "home", "example")
    boards = [emulator.create(home, "unix", "solar", ["ina219"]), emulator.create(home, "unix", "car")]
    try:
        for board in boards:
            board.start()
        with emulator.resolve(home, "emulated:solar") as solar, emulator.resolve(home, "emulated:car") as car:
            provisioning.provision(home, solar, "solar")
            payer = provisioning.provision(home, car, "car", MAY_SPEND).certificate.body.key.device_id
            with open_ledger(home) as ledger:
                ledger.deposit(owner.deposit(home, payer, ASSET, 100_000).raw)
                buy(home, ledger, car, solar)
            collect([Source(solar, "solar"), Source(car, "car")], folder / "day.bundle")
    finally:
        for board in boards:
            board.stop()
    with open_ledger(home) as ledger:
        return settle(ledger, folder / "day.bundle")


def open_ledger(home: Home) -> Ledger:
    """The home's ledger, with its own key: what it locks and refunds it signs."""
    identity = LedgerIdentity(home.ledger_certificates(), home.key("ledger"))
    return Ledger(home.ledger_path, home.roots(), [home.key("owner").public], identity=identity, allow_test=True)


def buy(home: Home, ledger: Ledger, car: Client, solar: Client) -> None:
    """Energy for 5,000 nEUR, at 83 nEUR a joule. The devices trade directly; this program brings the payer the ledger's
    word that its money is locked, and watches."""
    owner.set_offer(home, solar, ASSET, "J", 83)
    trading.order(home, car, solar, 5_000, pause_ms=100)
    for progress in trading.watch(car):
        print(f"{progress.state}: {progress.vouchers} vouchers, {progress.amount} {ASSET}")
        if progress.state == trading.WAITING:
            for brought in bring_funding(ledger, car):
                print(f"channel {brought.channel.hex()[:16]} is funded")


def collect(sources: list[Source], path: Path) -> None:
    """Everything the devices signed, in an order that a verifier can follow."""
    collector = Collector()
    with BundleWriter(path) as bundle:
        for source in sources:
            for raw in collector.certificates(source.client):
                bundle.add(raw)
        for source in sources:
            for raw in collector.readings(source):
                bundle.add(raw)
        for raw in collector.channels(sources):
            bundle.add(raw)


def settle(ledger: Ledger, path: Path) -> int:
    """Settle, and prove the ledger from its messages. 1 where something was rejected."""
    rejected = [verdict for verdict in ledger.settle(read_bundle(path)) if not verdict.ok]
    for verdict in rejected:
        print(f"message {verdict.n}: {verdict.code}: {verdict.why}")
    for balance in ledger.balances():
        print(f"{balance.kind} {balance.name.hex()[:16]}: {balance.amount} {balance.asset}")
    report = ledger.audit()
    print("the audit found nothing" if report.ok else f"the audit found {report.findings}")
    return 1 if rejected or not report.ok else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: buy_and_settle.py FOLDER")
    try:
        sys.exit(main(Path(sys.argv[1])))
    except SealwrightError as error:
        sys.exit(f"{error}\n{error.remedy}")
