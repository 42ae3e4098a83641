"""One process of a load: it certifies its devices, then signs by turns until its time is over."""

import argparse
import random
import sys
import time
from itertools import cycle

from sealwright.home import Home
from sealwright.link.broker import Broker

from .fleet import Fleet
from .sinks import Folder, Servers, Sink, Topics


def run(given: dict[str, object], seed: str, part: int) -> dict[str, float]:
    """One process's share: what it signed, and the seconds it took."""
    options = argparse.Namespace(**given)
    home = Home.open(options.home)
    fleet = Fleet(home, seed, options.devices, part, options.jobs)
    sink: Sink
    if options.out is not None:
        sink = Folder(options.out, f"load-{seed}-{part}")
    elif options.cluster is not None:
        name = f"load-{seed}-{part}"
        sink = Servers(home, options.cluster, name, connections=options.connections, acked=options.acked)
    else:
        sink = Topics(home, Broker.parse(home, options.broker)[0])
    counts = dict.fromkeys(("devices", "readings", "vouchers", "money", "bad"), 0)
    for machine in fleet.found():
        sink.certificate(machine)
        counts["devices"] += 1
    for machine in fleet.machines:
        for raw in fleet.opening(machine):
            sink.money(machine, raw)
            counts["money"] += 1
        show(part, "devices", counts["devices"])
    began, cpu = time.monotonic(), time.process_time()
    sign(fleet, sink, options, counts)
    sink.close()
    return {**counts, "cpu": time.process_time() - cpu, "wall": time.monotonic() - began}


def sign(fleet: Fleet, sink: Sink, options: argparse.Namespace, counts: dict[str, int]) -> None:
    """Sign by turns until the time is over, not faster than the rate."""
    chance, share = random.Random(f"{fleet.seed} turns {fleet.first}"), options.rate / options.jobs
    began, done = time.monotonic(), 0
    for machine in cycle(fleet.machines):
        passed = time.monotonic() - began
        if passed >= options.seconds:
            return
        if share and done > share * passed:
            time.sleep((done - share * passed) / share)
        raw = fleet.voucher(machine) if not options.broker and chance.random() < options.vouchers * 2 else None
        kind, hand_in = ("readings", sink.reading) if raw is None else ("vouchers", sink.money)
        raw = raw or fleet.reading(machine, fleet.now + int(passed))
        if options.bad and chance.random() < options.bad:
            raw, kind = changed(raw, chance), "bad"
        hand_in(machine, raw)
        counts[kind] += 1
        done += 1


def changed(raw: bytes, chance: random.Random) -> bytes:
    """One bit of its signature is another, so it is still an item of a bundle."""
    made = bytearray(raw)
    made[-1 - chance.randrange(60)] ^= 1 << chance.randrange(8)
    return bytes(made)


def show(part: int, what: str, done: int) -> None:
    """Progress of the first process, on a terminal."""
    if part == 0 and done % 1000 == 0 and sys.stderr.isatty():
        print(f"\r{done} {what}", end="", file=sys.stderr)
