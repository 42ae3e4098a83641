"""kill -9 of each part of a hub, and of the hub, at random moments while bundles come in: `make campaign-hub`.

    python -m tests.host_tools.hub.kills KILLS --seed N

What was acknowledged is what is gone from the inbox. In the end the ledger has the sums of a plain settlement of the
same bundles, its audit holds, and the store has each reading once.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from .site import PARTS, Site

DEVICES = 6


class Traffic:
    """Bundles of devices that measure and pay each other."""

    def __init__(self, site, draw):
        self._site, self._draw = site, draw
        self._devices = [site.device(f"device {n}") for n in range(DEVICES)]
        self._open, self._count = [], 0
        self.readings = set()
        first = [device.certificate for device in self._devices]
        site.drop(*first, *(site.deposit(device, 10**6) for device in self._devices))

    def drop(self):
        """One more bundle, in any order within."""
        site, draw, messages = self._site, self._draw, []
        for device in draw.sample(self._devices, 3):
            log = [site.reading(device) for _ in range(draw.randrange(1, 60))]
            self.readings.update(one.digest for one in log)
            messages += log
        payer, payee = draw.sample(self._devices, 2)
        self._count += 1
        channel = site.open(payer, payee, draw.randrange(100, 5000), f"channel {self._count}")
        others = [channel]
        self._open.append([payer, payee, channel, 0, 0])
        for one in draw.sample(self._open, min(len(self._open), 5)):
            others += self._pay(one)
        draw.shuffle(others)
        site.drop(*messages, *others)

    def _pay(self, one):
        payer, payee, channel, seq, amount = one
        paid = []
        for _ in range(self._draw.randrange(1, 5)):
            seq, amount = seq + 1, amount + self._draw.randrange(1, 50)
            if amount > channel.body.capacity:
                break
            paid.append(payer.voucher(channel, amount, seq=seq))
        if paid and self._draw.random() < 0.2:
            paid.append(payee.close(channel, int(time.time()), (paid[-1],)))
            self._open.remove(one)
        else:
            one[3:] = seq, amount
        return paid


def campaign(folder, kills, seed, bundles=4):
    """So many kills, and `bundles` that come between two; how often each was hit."""
    draw, site = random.Random(seed), Site(folder)
    traffic, hits = Traffic(site, draw), Counter()
    hub = site.start()
    try:
        site.wait(lambda: len([one for one in site.states() if one in PARTS]) == len(PARTS))
        for _ in range(kills):
            for _ in range(bundles):
                traffic.drop()
                time.sleep(draw.random() * 0.1)
            victim = draw.choice([*PARTS, "hub", "all"])
            if victim in PARTS:
                site.wait(lambda: site.kill_part(victim))
                hits[victim] += 1
            else:
                hits[victim] += 1
                hub.kill()
                hub.wait()
                if victim == "all":
                    for part in PARTS:
                        site.kill_part(part)
                hub = site.start()
        site.wait()
        hub.terminate()
        assert hub.wait(30) == 0, site.logs()
    finally:
        if hub.poll() is None:
            hub.kill()
            hub.wait()
    check(site, traffic, folder / "plain.db")
    return hits


def check(site, traffic, plain):
    assert site.sums() == site.plain(plain), "the sums of a plain settlement"
    assert site.readings() == sorted(traffic.readings), "each reading once"
    assert not any(site.folder.refused.iterdir())
    left = list(site.folder.spool.glob("*.bundle"))
    assert sum(one.stat().st_size for one in left) < 8 << 20


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        hits = campaign(Path(folder), given.kills, given.seed)
    print(f"{given.kills} kills in {time.monotonic() - began:.0f} s: {dict(hits)}; nothing lost, nothing counted twice")


if __name__ == "__main__":
    main()
