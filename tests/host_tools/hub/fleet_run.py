"""Emulated boards hand their readings to a hub's broker over TLS, while hub and boards fail: `make campaign-fleet`.

    python -m tests.host_tools.hub.fleet_run --boards 200 --minutes 10 --seed N

The hub is killed 20 times with kill -9, and its broker now and then; a third of the boards lose power, each once, and
get it back. In the end every reading that a board ever signed and kept is in the store, once and proved; its numbers
run up to the board's last one, and those that are missing are ones that the board's own flash says it lost. Says what
the boards cost in memory and processor time.
"""

import argparse
import os
import random
import re
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from sealwright import emulator
from sealwright.emulator import EmulatedBoard
from sealwright.errors import SealwrightError
from sealwright.hub.accounts import Accounts
from sealwright.link import Client
from sealwright.link.broker import authority_der
from sealwright.operate import owner, provisioning
from sealwright.readings import ReadingStore
from sealwright.wire.messages import Reading, parse_as

from .site import Site

AT_ONCE: Final = 8
KILLS: Final = 20
INTERVAL: Final = 10  # seconds between two readings of a board
DRAIN: Final = 300.0  # seconds in which the hub has to have everything, once the boards rest


class Run:
    """One campaign in `folder`."""

    def __init__(self, folder: Path, boards: int, seed: int) -> None:
        self.site, self.draw = Site(folder), random.Random(seed)
        self.hits: Counter[str] = Counter()
        self.boards = [emulator.create(self.site.home, "unix", f"b-{n}", ["ina219"]) for n in range(boards)]
        self.devices: dict[str, bytes] = {}

    def make_ready(self) -> None:
        """Let every board in, and give it its account at the hub's broker."""
        Accounts(self.site.home).set_up(port=self.site.port)
        emulator.start_all(self.boards)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self.devices = dict(pool.map(self._point, self.boards))

    def _point(self, board: EmulatedBoard) -> tuple[str, bytes]:
        home = self.site.home
        with emulator.resolve(home, f"emulated:{board.name}") as client:
            device = bytes.fromhex(provisioning.provision(home, client, board.name).entry.device)
            broker = Accounts(home).issue(device, test=True)
            owner.set_interval(home, client, INTERVAL)
            assert broker.authority is not None
            owner.set_network(home, client, {2: broker.settings(authority_der(broker.authority))})
        return board.name, device

    def fail(self, seconds: float, kills: int) -> None:
        """Run the hub for so long, and take it down so often, and its broker and boards."""
        hub, began = self.site.start("--allow-test", "--every", "60"), time.monotonic()
        outages = [("hub", None)] * kills + [("broker", None)] * (kills // 4)
        outages += [("board", board) for board in self.draw.sample(self.boards, len(self.boards) // 3)]
        self.draw.shuffle(outages)
        try:
            for number, (victim, board) in enumerate(outages, 1):
                time.sleep(max(0.0, began + seconds * number / (len(outages) + 1) - time.monotonic()))
                self.hits[victim] += 1
                if board is not None:
                    board.kill()
                    board.start()
                elif victim == "broker":
                    self.site.kill_part("broker")
                else:
                    hub.kill()
                    hub.wait()
                    hub = self.site.start("--allow-test", "--every", "60")
            time.sleep(max(0.0, began + seconds - time.monotonic()))
            self._drain()
        finally:
            hub.terminate()
            hub.wait(60)

    def _drain(self) -> None:
        """Let the boards measure no more, and wait until the store has the last reading of each."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            last = dict(pool.map(self._rest, self.boards))
        end = time.monotonic() + DRAIN
        while missing := self._missing(last):
            ended = [board.name for board in self.boards if board.pid is None]
            assert not ended, f"these boards ended by themselves: {ended}"
            assert time.monotonic() < end, (missing, self.site.states(), self.site.logs())
            time.sleep(1)
        self.last = last

    def _rest(self, board: EmulatedBoard) -> tuple[bytes, int]:
        with emulator.resolve(self.site.home, f"emulated:{board.name}") as client:
            owner.set_interval(self.site.home, client, 86_400)
            return self.devices[board.name], client.info().raw["reading_seq"]

    def _missing(self, last: dict[bytes, int]) -> dict[str, tuple[int, int]]:
        found = {}
        with suppress(SealwrightError), ReadingStore(self.site.home.readings_path) as store:
            newest = {one.device: one.seq for one in store.newest()}
            found = {k.hex()[:8]: (newest.get(k, 0), seq) for k, seq in last.items() if newest.get(k, 0) < seq}
            return found
        return {"store": (0, 0)}

    def check(self) -> tuple[int, int]:
        """How many readings are in the store, and how many numbers no reading has: only where a board lost power."""
        lost = 0
        with ReadingStore(self.site.home.readings_path) as store:
            kept = {device: numbers(store, device) for device in self.last}
            assert store.count() == sum(map(len, kept.values())), "each once, and nobody else's"
        for board in self.boards:
            device = self.devices[board.name]
            own = kept[device]
            assert own == sorted(set(own)) and own[-1] == self.last[device]
            lost += own[-1] - len(own)
            with emulator.resolve(self.site.home, f"emulated:{board.name}") as client:
                assert set(flash(client)) <= set(own), "what its flash has is in the store"
        return sum(map(len, kept.values())), lost


def numbers(store: ReadingStore, device: bytes) -> list[int]:
    """The numbers of a device's readings in the store."""
    found: list[int] = []
    while batch := store.after(device, found[-1] if found else 0, 1000):
        found += [one.seq for one in batch]
    return found


def flash(client: Client) -> list[int]:
    """The numbers of the readings that a board still has."""
    return [parse_as(raw, Reading).body.seq for raw in client.readings(0)]


def cost(boards: list[EmulatedBoard]) -> tuple[float, float]:
    """Megabytes and processor seconds of all boards' processes, as far as they run now."""
    leaders = {board.pid for board in boards}
    kilobytes, ticks = 0, 0
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getpgid(int(entry.name)) in leaders:
                kilobytes += int(re.search(r"^Pss:\s+(\d+)", (entry / "smaps_rollup").read_text(), re.MULTILINE)[1])
                ticks += sum(map(int, (entry / "stat").read_text().rpartition(")")[2].split()[11:13]))
    return kilobytes / 1024, ticks / os.sysconf("SC_CLK_TCK")


def campaign(folder: Path, boards: int, seconds: float, seed: int, kills: int = KILLS) -> None:
    """One run, summed up in one line."""
    run = Run(folder, boards, seed)
    try:
        run.make_ready()
        began = time.monotonic()
        _, before = cost(run.boards)
        run.fail(seconds, kills)
        megabytes, after = cost(run.boards)
        took = time.monotonic() - began
        count, lost = run.check()
    finally:
        for board in run.boards:
            board.kill()
    print(
        f"{boards} boards, {took:.0f} s, {dict(run.hits)}: {count} readings, each once;",
        f"{lost} numbers without one, all of boards that lost power;",
        f"{megabytes / boards:.1f} MB and {(after - before) / took / boards:.2%} of a core a board",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--boards", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        campaign(Path(folder), given.boards, given.minutes * 60, given.seed)


if __name__ == "__main__":
    main()
