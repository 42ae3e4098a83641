"""PostgreSQL for a cluster's campaign, and who kills its processes by turns."""

import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from pathlib import Path

from sealwright.bookkeeping import known_ledger
from sealwright.home import Home

from tests.host_tools.postgres import own_server
from tests.load.fleet import Fleet

SHARDS = 2
VICTIMS = ("server", "verify", "settle", "postgres")


class Books:
    """PostgreSQL with the home's ledger, in shards."""

    def __init__(self, home):
        self.server, self.seconds = own_server(), 0.0
        self.url = self.server.database()
        (home.folder / "config.toml").write_text(f'ledger = "{self.url}"\n')
        opened = Home.open(home.folder)
        self.past = Past(opened)
        with known_ledger(opened, allow_test=True) as ledger:
            list(ledger.settle(self.past.messages))
            assert ledger.divide(SHARDS)

    def crash(self):
        self.seconds += tree_seconds(self.server._process.pid)
        self.server.stop(signal.SIGKILL)

    def begin(self):
        end = time.monotonic() + 60
        while True:  # what a killed server's children still hold is free a moment later
            try:
                return self.server.start()
            except RuntimeError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def close(self):
        self.seconds += tree_seconds(self.server._process.pid)
        self.server.stop(signal.SIGQUIT)
        shutil.rmtree(self.server.folder, ignore_errors=True)


def tree_seconds(pid):
    """The processor's seconds of a process, of its children, and of those it has waited for."""
    found = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if path.parent.name == str(pid):
            found += sum(map(int, said[11:15]))
        elif said[1] == str(pid):
            found += sum(map(int, said[11:13]))
    return found / os.sysconf("SC_CLK_TCK")


class Past:
    """Channels that were there before the ledger was divided: they stay in shard 0, whatever their digests say."""

    def __init__(self, home):
        self._fleet = Fleet(home, "before", 12)
        self.messages = [machine.certificate for machine in self._fleet.found()]
        for machine in self._fleet.machines:
            self.messages += self._fleet.opening(machine)

    def publish(self, sink):
        """Vouchers in them, by the servers."""
        self.messages += [raw for machine in self._fleet.machines if (raw := self._voucher(machine, sink)) is not None]

    def _voucher(self, machine, sink):
        sink.certificate(machine)
        raw = self._fleet.voucher(machine)
        if raw is not None:
            sink.money(machine, raw)
        return raw


class Killer(threading.Thread):
    """Kills one process after the other, and begins it again."""

    def __init__(self, site, books, seed, every):
        super().__init__(daemon=True)
        self._site, self._books, self._draw, self._every = site, books, random.Random(seed), every
        self._ends, self.hits, self.error = threading.Event(), Counter(), None

    def run(self):
        turn = 0
        try:
            while not self._wait(self._every * (0.5 + self._draw.random() / 2)):
                victim = VICTIMS[turn % len(VICTIMS)]
                turn += 1
                self._kill(victim)
                self.hits[victim] += 1
        except BaseException as error:
            self.error = error

    def _kill(self, victim):
        pause = self._every * self._draw.random() / 3
        if victim == "postgres":
            self._books.crash()
            time.sleep(pause)
            self._books.begin()
            return
        there = self._site.servers if victim == "server" else self._site.parts
        one = there[self._draw.choice([name for name in sorted(there) if name.startswith(victim)])]
        one.kill()
        time.sleep(pause)
        one.start()

    def _wait(self, seconds):
        """Whether it is over; what ended by itself is begun again meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._ends.wait(0.5):
                return True
            self._site.begin_ended()
        return False

    def end(self):
        self._ends.set()
        self.join()
        if self.error is not None:
            raise self.error
