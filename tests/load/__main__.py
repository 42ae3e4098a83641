"""Sign and hand in what a fleet of devices would.

    python -m tests.load --home HOME --devices 100000 --seconds 60 --out HOME/hub/inbox
    python -m tests.load --home HOME --devices 1000 --rate 500 --seconds 300 --broker mqtts://hub@127.0.0.1:8883
    python -m tests.load --home HOME --devices 200 --seconds 60 --cluster load --acked FOLDER

Every message is real: certificates by the home's test root, chained readings, deposits, channels and vouchers, so that
`verify --allow-test` and `settle` take them. Devices are new in each run: nobody signs one number twice. Each process
has its share of the devices. Prints how many messages it signed, and how many a second of a core.
The broker's user speaks for all devices: at a hub's own broker that is `hub`, whose password is in
HOME/hub/broker/accounts.json, and is to be given in SEALWRIGHT_BROKER_PASSWORD. At a cluster no account speaks for all:
the campaign adds one to the servers' accounts.
"""

import argparse
import json
import multiprocessing
import secrets
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from sealwright.errors import SealwrightError
from sealwright.home import Home

from .running import run


def main(arguments: list[str] | None = None) -> int:
    """Run the processes and say what they did."""
    given = parsed(arguments)
    Home.open(given.home)
    seed = given.seed or secrets.token_hex(8)
    with ProcessPoolExecutor(given.jobs, multiprocessing.get_context("spawn")) as pool:
        try:
            parts = list(pool.map(run, [vars(given)] * given.jobs, [seed] * given.jobs, range(given.jobs)))
        except SealwrightError as error:
            print(f"error: {error}\nremedy: {error.remedy}", file=sys.stderr)
            return 1
    total = {name: sum(part[name] for part in parts) for name in ("devices", "readings", "vouchers", "money", "bad")}
    cpu, wall = sum(part["cpu"] for part in parts), max(part["wall"] for part in parts)
    signed = total["readings"] + total["vouchers"]
    found = {"seed": seed, **total, "seconds": round(wall, 2), "per_core_second": round(signed / max(cpu, 1e-9))}
    print(json.dumps(found) if given.json else "  ".join(f"{name} {value}" for name, value in found.items()))
    return 0


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    form = argparse.ArgumentParser(
        prog="tests.load", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    form.add_argument("--home", required=True, help="a home: its test root certifies, its ledger is the channels'")
    form.add_argument("--devices", type=int, default=1000, help="how many [1000]")
    form.add_argument("--seconds", type=float, default=10.0, help="how long to sign, after all are certified [10]")
    form.add_argument("--rate", type=float, default=0.0, help="messages a second of all together [as fast as it goes]")
    form.add_argument("--vouchers", type=float, default=0.3, help="the share of vouchers [0.3]")
    form.add_argument("--bad", type=float, default=0.0, help="the share of messages with one bit changed [0]")
    form.add_argument("--jobs", type=int, default=1, help="processes [1]")
    form.add_argument("--seed", help="keys of the devices follow from it; one seed serves one run [random]")
    form.add_argument("--json", action="store_true", help="print JSON")
    where = form.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, help="a folder for bundles, such as a hub's inbox")
    where.add_argument("--broker", help="mqtts://USER@HOST:PORT; readings alone go there")
    where.add_argument("--cluster", metavar="USER", help="all servers of the home's cluster; money goes there, too")
    form.add_argument("--connections", type=int, default=8, help="to a cluster, of each process [8]")
    form.add_argument("--acked", type=Path, help="a folder for what a cluster acknowledged, as bundles")
    given = form.parse_args(arguments)
    if given.devices < 2 or given.jobs < 1 or not 0 <= given.vouchers <= 1 or not 0 <= given.bad <= 1:
        form.error("at least 2 devices and 1 process; shares are from 0 to 1")
    return given


if __name__ == "__main__":
    sys.exit(main())
